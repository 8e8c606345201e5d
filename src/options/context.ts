/** The options of a context. */
import { Readable } from 'node:stream';
import { isOwnerId, type Owner, ROOT } from '../edit/attributes.js';
import type { ProgressEvent } from '../progress/events.js';
import { type Bytes, isBytes } from '../source/bytes.js';
import type { Source } from '../source/source.js';
import {
  COMMON,
  type Complete,
  flagIn,
  list,
  option,
  optional,
  type OptionsOf,
  receiver,
  signal,
  toggle,
} from './schema.js';
import { anyOf, count, flag, is, isObject, nonEmptyText, shape, text, time } from './values.js';

/** A file or directory of the host to put into the context. */
export interface Addition {
  /** A path on the host: a file, a directory, a pipe; `-` is standard input. */
  readonly host: string;
  /** Where it goes in the context; `.` is the root, into which a directory's contents go. */
  readonly dest: string;
  /** Whether the engine alone reads it, as a Dockerfile: no instruction sees it. @default false */
  readonly concealed?: boolean;
}

const edit = flagIn('Edits');
const dockerfile = flagIn('Dockerfile');
const strictness = flagIn('Strictness');

const id = is<number>('a whole number from 0 to 4294967294', isOwnerId);
const owner = anyOf<Owner | 'keep'>(
  "{ uid, gid } or 'keep'",
  [is("'keep'", (value) => value === 'keep'), shape<Owner>({ uid: id, gid: id }, ['uid', 'gid'])],
  'parseOwner reads UID[:GID]',
);

/** The schema of {@link ContextOptions}. */
export const CONTEXT = {
  /**
   * A path: a directory, a tar file, or `-` for standard input; or the tar's bytes, compressed or not: a stream of Node
   * or of the web, a buffer, any iterable of buffers. A stream is destroyed on failure.
   * @default '-'; `filter` accepts what is written to it
   */
  context: option(
    is<string | URL | Bytes | Source>(
      'a path, a stream of bytes, a buffer, or an iterable of buffers',
      (value) => isPath(value) || isSource(value) || isBytes(value),
    ),
    () => '-',
  ),
  /** Paths on the host that are left out when a directory is packed, such as outputs. @default none */
  leaveOut: list(text),
  /** A file of the host to use instead of a directory's .dockerignore. @default none */
  ignoreFile: optional(nonEmptyText),
  /** Every entry's owner; `'keep'` leaves it. @default 0:0 */
  owner: option(
    owner,
    () => ROOT,
    edit('--owner UID[:GID]', "every entry's owner, names emptied (default 0:0)", COMMON),
    edit('--keep-owner', 'leave owners unchanged'),
  ),
  /** Changes as in chmod(1). @default none */
  mode: optional(text, edit('--mode CHANGES', 'permissions as in chmod: a+rX, go-w, 0755')),
  /** Every time stamp, in seconds since 1970. @default unchanged */
  mtime: optional(time, edit('--mtime TIME', 'set every time stamp: seconds, or ISO 8601')),
  /** The latest time stamp that is kept, in seconds since 1970; later ones are set to it. @default none */
  clampMtime: optional(
    time,
    edit('--clamp-mtime TIME', 'cap every time stamp (default: SOURCE_DATE_EPOCH)'),
  ),
  /** Leave out all extended attributes. @default false, but those of macOS are always left out */
  noXattrs: toggle(edit('--no-xattrs', 'leave out all extended attributes')),
  /** The number of leading components to remove from names. @default 0 */
  stripComponents: option(
    count,
    () => 0,
    edit('--strip-components N', 'remove N leading components from names'),
  ),
  /** A directory to put in front of names. @default none */
  prefix: option(text, () => '', edit('--prefix DIR', 'put DIR in front of names', { values: [] })),
  /** Patterns in .dockerignore's syntax; only entries that match one are kept. @default everything */
  include: list(text, edit('--include PATTERN ...', 'keep only what matches')),
  /** Patterns in .dockerignore's syntax; entries that match one are left out. @default none */
  exclude: list(
    text,
    edit('--exclude PATTERN ...', 'leave out what matches', COMMON),
    edit('--dockerignore FILE ...', 'leave out what FILE lists'),
  ),
  /** Files and directories of the host to add. They replace entries of the same names. @default none */
  add: list(
    shape<Addition>({ host: nonEmptyText, dest: text, concealed: flag }, ['host', 'dest']),
    edit('--add HOST[:DEST] ...', 'put a file or directory of the host in; -:DEST is stdin', {
      isCommon: true,
      values: ['<file>'],
    }),
  ),
  /** The Dockerfile's path inside the context. @default 'Dockerfile', else 'dockerfile', else 'Containerfile' */
  file: optional(
    text,
    dockerfile(
      '-f, --file PATH',
      'the Dockerfile: in the context, for a DIR on the host too; - is stdin',
      { isCommon: true, values: ['<file>'] },
    ),
  ),
  /** An image to copy a context onto that has no Dockerfile. @default none */
  base: optional(
    text,
    dockerfile('--base REF', 'no Dockerfile: copy the context onto REF', COMMON),
  ),
  /** Instructions after `base`, which is `scratch` when only these are given. @default none */
  changes: list(
    text,
    dockerfile('-c, --change INSTRUCTION ...', 'an instruction after --base, as in docker import'),
  ),
  /** Ignore data after the end-of-archive blocks. @default false */
  ignoreTrailing: toggle(strictness('--ignore-trailing', 'ignore data after the end-of-archive')),
  /** Accept a stream that ends between two entries. @default false */
  allowUnterminated: toggle(
    strictness('--allow-unterminated', 'accept a tar that ends between two entries'),
  ),
  /** Accept a context without its Dockerfile. @default false */
  allowNoDockerfile: toggle(
    strictness('--allow-no-dockerfile', 'accept a context without its Dockerfile'),
  ),
};

/** The source of a context, and how it is changed. An unknown key is an error. */
export interface ContextOptions extends OptionsOf<typeof CONTEXT> {}

/** Complete {@link ContextOptions}. */
export type CompleteContext = Complete<typeof CONTEXT>;

/** The schema of {@link FilterOptions}. */
export const FILTER = {
  ...CONTEXT,
  /** Receives the progress and notices. @default ignored */
  report: receiver<ProgressEvent>(),
  /** Aborts: the sink is destroyed with its reason. @default never */
  signal,
};

/** The options of `filter`. */
export interface FilterOptions extends OptionsOf<typeof FILTER> {}

function isPath(value: unknown): value is string | URL {
  if (!(value instanceof URL)) return typeof value === 'string' && value !== '';
  return value.protocol === 'file:' && value.host === '';
}

/** Whether a value is a {@link Source}, such as a builder's context. */
export function isSource(value: unknown): value is Source {
  if (!isObject(value)) return false;
  const { name, stream, complete } = value;
  const isPromise = typeof (complete as Promise<unknown> | undefined)?.then === 'function';
  return typeof name === 'string' && stream instanceof Readable && isPromise;
}
