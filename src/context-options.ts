/** The options of a context, and their checks. */
import { Readable } from 'node:stream';
import { isOwnerId, type Owner } from './edit/owner.js';
import { isObject, type OptionTable } from './options/check.js';
import {
  anyOf,
  count,
  flag,
  is,
  listOf,
  nonEmptyText,
  shape,
  text,
  time,
} from './options/values.js';
import { isBytes, type Bytes } from './source/bytes.js';
import type { Source } from './source/source.js';

/** A file or directory of the host to put into the context. */
export interface Addition {
  /** A path on the host: a file, a directory, a pipe; `-` is standard input. */
  readonly host: string;
  /** Where it goes in the context; `.` is the root, into which a directory's contents go. */
  readonly dest: string;
  /** Whether the engine alone reads it, as a Dockerfile: no instruction sees it. @default false */
  readonly concealed?: boolean;
}

/** Where a context comes from, and what becomes of it on its way. An unknown key is an error. */
export interface ContextOptions {
  /**
   * A path: a directory, a tar file, or `-` for standard input; or the tar's bytes, compressed or not: a stream of Node
   * or of the web, a buffer, any iterable of buffers. What is read here is destroyed on failure.
   * @default '-'; `filter` takes what is written to it
   */
  readonly context?: string | URL | Bytes | Source;
  /** Paths on the host that a directory is packed without: what is written there. @default none */
  readonly leaveOut?: readonly string[];
  /** A file of the host that a directory's .dockerignore is replaced by. @default none */
  readonly ignoreFile?: string;
  /** Every entry's owner; `'keep'` leaves it. @default 0:0 */
  readonly owner?: Owner | 'keep';
  /** Changes as in chmod(1). @default none */
  readonly mode?: string;
  /** Every time stamp, in seconds since 1970. @default left */
  readonly mtime?: number;
  /** The latest that a time stamp may be, in seconds since 1970. @default none */
  readonly clampMtime?: number;
  /** Leave out all extended attributes. @default false, but those of macOS are always left out */
  readonly noXattrs?: boolean;
  /** Leading components to take off names. @default 0 */
  readonly stripComponents?: number;
  /** A directory to put in front of names. @default none */
  readonly prefix?: string;
  /** Patterns in .dockerignore's syntax; only what one matches stays. @default everything */
  readonly include?: readonly string[];
  /** Patterns in .dockerignore's syntax; what they match is left out. @default nothing */
  readonly exclude?: readonly string[];
  /** What comes from the host, in place of what the stream has there. @default nothing */
  readonly add?: readonly Addition[];
  /** The Dockerfile's path inside the context. @default 'Dockerfile', else 'dockerfile', else 'Containerfile' */
  readonly file?: string;
  /** An image to copy the context onto, where the stream has no Dockerfile. @default none */
  readonly base?: string;
  /** Instructions behind `base`, which is `scratch` when they come alone. @default none */
  readonly changes?: readonly string[];
  /** Let data behind the end-of-archive pass. @default false */
  readonly ignoreTrailing?: boolean;
  /** Take a stream that ends between two entries. @default false */
  readonly allowUnterminated?: boolean;
  /** Take a context without its Dockerfile. @default false */
  readonly allowNoDockerfile?: boolean;
}

const id = is('a whole number from 0 to 4294967294', isOwnerId);

const owner = anyOf(
  "{ uid, gid } or 'keep'",
  [is("'keep'", (value) => value === 'keep'), shape<Owner>({ uid: id, gid: id }, ['uid', 'gid'])],
  'parseOwner reads UID[:GID]',
);

/** The checks of {@link ContextOptions}. */
export const CONTEXT_OPTIONS: OptionTable<ContextOptions> = {
  context: is(
    'a path, a stream of bytes, a buffer, or an iterable of buffers',
    (value) => isPath(value) || isSource(value) || isBytes(value),
  ),
  leaveOut: listOf(text),
  ignoreFile: nonEmptyText,
  owner,
  mode: text,
  mtime: time,
  clampMtime: time,
  noXattrs: flag,
  stripComponents: count,
  prefix: text,
  include: listOf(text),
  exclude: listOf(text),
  add: listOf(
    shape<Addition>({ host: nonEmptyText, dest: text, concealed: flag }, ['host', 'dest']),
  ),
  file: text,
  base: text,
  changes: listOf(text),
  ignoreTrailing: flag,
  allowUnterminated: flag,
  allowNoDockerfile: flag,
};

function isPath(value: unknown): value is string | URL {
  if (!(value instanceof URL)) return typeof value === 'string' && value !== '';
  return value.protocol === 'file:' && value.host === '';
}

/** Whether a value is a {@link Source}, such as a builder's context. */
export function isSource(value: unknown): value is Source {
  if (!isObject(value)) return false;
  const { name, stream, complete } = value;
  return typeof name === 'string' && stream instanceof Readable && isPromise(complete);
}

function isPromise(value: unknown): boolean {
  return typeof (value as Promise<unknown> | undefined)?.then === 'function';
}
