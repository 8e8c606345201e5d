/** Executes the steps of a stage on its tree. */
import type { Readable } from 'node:stream';
import { decompress } from '../../../compression/decompress.js';
import { sourceKind } from '../../../dockerfile/instructions/parse-copy.js';
import { compileIgnore } from '../../../dockerfile/patterns/ignore.js';
import { Reason, refusal } from '../../../dockerfile/reason.js';
import { DockerceptionError, type ErrorKind, messageOf } from '../../../errors.js';
import { FILE, isDirectory, isFile, Leaf, NO_TIME } from '../../../filesystem/node.js';
import { MADE_BY_ROOT, Tree } from '../../../filesystem/tree.js';
import { unpack } from '../../../filesystem/unpack.js';
import { BLOCK } from '../../../tar/block.js';
import { verifiedSum } from '../../../tar/header-fields.js';
import { fromBinary, toBinary } from '../../../text/binary.js';
import { parseModeChanges } from '../../../text/mode-changes.js';
import { componentsInside } from '../../../text/path.js';
import { printable } from '../../../text/printable.js';
import { contentChunks, readableOf } from '../spool/contents.js';
import type { Spool } from '../spool/spool.js';
import { lookUpOwner, type OwnerIds } from './accounts.js';
import { Copier, type CopyChanges } from './copy.js';
import { findSources, notFound, type Source } from './sources.js';
import type { CopyStep, Step, WorkdirStep } from './step.js';

const ARCHIVE_NAME = /\.(?:tar\.\w+|tgz|tbz2?|txz|tzst)$/i;

/** A tree that COPY reads from. */
export interface SourceTree {
  readonly tree: Tree;
  /** Its name in messages: `the context`, `the stage build`. */
  readonly name: string;
}

export interface Execution {
  readonly spool: Spool;
  /** The name of the Dockerfile in messages. */
  readonly file: string;
  /** Resolves `--from`; `undefined` is the context. */
  source(from: string | undefined): Promise<SourceTree>;
  /** Downloads a file of ADD into the spool. */
  fetch(url: string, checksum: string | undefined): Promise<Source>;
}

/** Executes one step. Its errors name the line of the Dockerfile. */
export async function execute(step: Step, tree: Tree, execution: Execution): Promise<void> {
  try {
    if (step.kind === 'workdir') makeWorkdir(step, tree, execution.spool);
    else if (step.kind !== 'config') await copy(step, tree, execution);
  } catch (error) {
    throw located(error, { file: execution.file, line: step.line, text: step.text });
  }
}

function makeWorkdir({ path, user }: WorkdirStep, tree: Tree, spool: Spool): void {
  const target = tree.resolve(toBinary(path));
  if (isDirectory(tree.at(target))) return;
  const owner = knownOwner(user, tree, spool);
  tree.directory(target, { ...MADE_BY_ROOT, ...owner });
}

/**
 * USER may name an account that is created at run time. An unknown user is replaced by root, an unknown group by the
 * user's own.
 */
function knownOwner(user: string, tree: Tree, spool: Spool): OwnerIds | undefined {
  const [name = '', group = ''] = user.split(':');
  for (const text of [user, name, `root:${group}`])
    try {
      return ownerOf(text, tree, spool);
    } catch {
      // Try the next, which needs fewer names.
    }
  return undefined;
}

async function copy(step: CopyStep, tree: Tree, execution: Execution): Promise<void> {
  const { spool } = execution;
  const changes: CopyChanges = {
    ...modeOf(step.chmod),
    owner: ownerOf(step.chown, tree, spool),
    excluded: excludedBy(step.exclude),
  };
  const dest = toBinary(step.dest);
  const unpacked = (source: Source): Promise<boolean> =>
    unpackArchive(source, tree, dest, spool, changes.owner);
  let copied = step.heredocs.length > 0;
  let missing: (() => DockerceptionError) | undefined;
  // --from has to exist even if only heredocs are copied.
  if (step.sources.length === 0) await execution.source(step.from);
  for (const source of step.sources) {
    if (step.kind === 'add' && sourceKind(source) !== 'path') {
      const fetched = await execution.fetch(source, step.checksum);
      copied = true;
      const copier = new Copier(tree, new Tree(), changes);
      if (step.unpack !== true || !(await unpacked(fetched))) copier.copy(fetched, dest);
      continue;
    }
    const from = await execution.source(step.from);
    const found = findSources(from.tree, source, from.name, step.parents);
    if (found.length > 0) copied = true;
    else missing ??= () => notFound(from.tree, componentsInside(source), from.name);
    const copier = new Copier(tree, from.tree, changes);
    // --parents drops the components before `/./`.
    const dropped = componentsInside(source.slice(0, Math.max(0, source.indexOf('/./')))).length;
    for (const one of found) {
      if (step.parents) copier.copyBelow(one, one.literal.length - 1 - dropped, dest);
      else if (step.kind === 'copy' || step.unpack === false || !(await unpacked(one)))
        copier.copy(one, dest);
    }
  }
  // A pattern without a match is an error only if nothing else was copied.
  if (missing !== undefined && !copied) throw missing();
  const copier = new Copier(tree, new Tree(), changes);
  for (const { name, content } of step.heredocs) copier.copy(heredoc(name, content, spool), dest);
}

/**
 * ADD of a local file, or of any file with --unpack. A tar, plain or compressed, is recognised by its content and
 * unpacked into the destination, which then is a directory (docs.docker.com/reference/dockerfile, "ADD local tar
 * archives"). Returns false for anything else. Rejects if an archive is damaged.
 */
async function unpackArchive(
  source: Source,
  tree: Tree,
  dest: string,
  spool: Spool,
  owner: OwnerIds | undefined,
): Promise<boolean> {
  const { node } = source;
  const name = printable(fromBinary(source.name));
  if (!isFile(node) || !(await isArchive(node, spool, name))) return false;
  const into = tree.resolve(dest);
  tree.directory(into, { ...MADE_BY_ROOT, ...owner });
  const options = { tree, contents: spool, name, into, strict: true };
  await unpack(await open(node, spool, name), { ...options, ...(owner && { owner }) });
  return true;
}

/** Whether the decompressed content starts with a tar header. */
async function isArchive(file: Leaf, spool: Spool, name: string): Promise<boolean> {
  const header = Buffer.alloc(BLOCK);
  let filled = 0;
  try {
    for await (const chunk of await open(file, spool, name)) {
      filled += (chunk as Buffer).copy(header, filled);
      if (filled === BLOCK) break;
    }
  } catch (error) {
    // The content is not in the format of its first bytes. It is an archive only if a header was read.
    if (filled < BLOCK && error instanceof DockerceptionError)
      if (error.code === 'COMPRESSED_UNSUPPORTED' || ARCHIVE_NAME.test(name)) throw error;
  }
  return filled === BLOCK && verifiedSum(header, 0) >= 0 && header.some((byte) => byte !== 0);
}

function open(file: Leaf, spool: Spool, name: string): Promise<Readable> {
  return decompress(readableOf(contentChunks(file, spool)), name);
}

function heredoc(name: string, bytes: Buffer, spool: Spool): Source {
  const offset = spool.begin(bytes.length);
  const node = new Leaf(FILE | 0o644, 0, 0, NO_TIME, bytes.length, offset, undefined);
  spool.append(bytes);
  return { name: toBinary(name), node, literal: [toBinary(name)] };
}

function modeOf(chmod: string | undefined): Pick<CopyChanges, 'chmod' | 'madeMode'> {
  if (chmod === undefined) return { chmod: undefined, madeMode: 0o755 };
  const change = parseModeChanges(chmod);
  if (change === undefined) {
    const message = `--chmod=${printable(chmod)} is not a mode`;
    throw new DockerceptionError('build', 'CHMOD_INVALID', message, {
      hint: 'octal between 0 and 07777, or as for chmod: a+rX, go-w, u=rwx,go=rx',
    });
  }
  const octal = /^[0-7]+$/.test(chmod);
  // Created parent directories are never writable by group or others.
  return { chmod: change, madeMode: octal ? parseInt(chmod, 8) & 0o755 : 0o755 };
}

function ownerOf(chown: string | undefined, tree: Tree, spool: Spool): OwnerIds | undefined {
  return chown === undefined || chown === '' ? undefined : lookUpOwner(tree, spool, chown);
}

function excludedBy(patterns: readonly string[]): CopyChanges['excluded'] {
  if (patterns.length === 0) return undefined;
  try {
    const { matches } = compileIgnore(patterns);
    return (path) => matches(fromBinary(path));
  } catch (error) {
    throw new DockerceptionError('build', 'EXCLUDE_INVALID', `--exclude: ${messageOf(error)}`);
  }
}

/** Kinds that have no place: a full disk, a signal. */
const WITHOUT_PLACE: readonly ErrorKind[] = ['output', 'interrupted', 'terminated'];

/**
 * The error with its place: `building Dockerfile:3: …`. Errors of kinds without a place are returned unchanged.
 *
 * @param file the name of the Dockerfile in messages
 * @param text the instruction, if it adds to the message
 */
export function located(
  error: unknown,
  { file, line, text }: { readonly file: string; readonly line: number; readonly text?: string },
): unknown {
  if (error instanceof Reason) return refusal(file, line, error);
  if (!(error instanceof DockerceptionError) || WITHOUT_PLACE.includes(error.kind)) return error;
  const instruction = text === undefined ? '' : `: ${printable(text, 60)}`;
  return error.within(`building ${printable(file)}:${line}${instruction}`);
}
