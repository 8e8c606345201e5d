/** The offsets of the files in a tar, from its headers alone. */
import { DockerceptionError } from '../../errors.js';
import type { RandomAccess } from '../../files/temporary-file.js';
import { BLOCK, paddingOf } from '../../tar/block.js';
import type { EntryHeader } from '../../tar/entry-header.js';
import { TarWalk } from '../../tar/walk.js';
import { componentsInside } from '../../text/path.js';
import { printable } from '../../text/printable.js';

/** Bytes per read. */
const WINDOW = 64 * 1024;
/** Passed to the walk instead of bodies, which it only counts. */
const SKIPPED = Buffer.alloc(1 << 20);
/** Images have hundreds of entries. */
const MAX_ENTRIES = 100_000;

/** A file of the tar, or a link to one. */
export type TarMember =
  | { readonly kind: 'file'; readonly offset: number; readonly size: number }
  | { readonly kind: 'link'; readonly target: string };

/**
 * Reads the headers of a tar.
 * @param size of the file, in bytes
 * @throws DockerceptionError of kind build: ARCHIVE_INVALID, ARCHIVE_TRUNCATED
 */
export async function indexTar(
  file: RandomAccess,
  size: number,
  name: string,
): Promise<ReadonlyMap<string, TarMember>> {
  if (size < BLOCK)
    throw invalid(name, size === 0 ? 'it is empty' : `it is no archive: it has ${size} bytes`);
  const members = new Map<string, TarMember>();
  let position = 0;
  /** The size of the last entry. */
  let body: number;
  const view = new TarWalk(
    {
      entry: (entry) => {
        if (members.size === MAX_ENTRIES)
          throw invalid(name, `it has more than ${MAX_ENTRIES} entries`);
        body = entry.size;
        add(members, entry, position + BLOCK);
      },
      data: () => undefined,
      hole: () => undefined,
    },
    printable(name),
  );
  const window = Buffer.allocUnsafeSlow(WINDOW);
  let [from, to] = [0, 0];
  try {
    while (position < size) {
      if (position >= to) {
        from = position;
        to = from + (await file.read(window, 0, WINDOW, from)).bytesRead;
        if (to === from) break;
      }
      const at = position - from;
      body = 0;
      view.push(window.subarray(at, Math.min(at + BLOCK, to - from)));
      position = Math.min(position + BLOCK, to);
      let skipped = Math.min(body + paddingOf(body), size - position);
      position += skipped;
      for (; skipped > 0; skipped -= SKIPPED.length)
        view.push(skipped < SKIPPED.length ? SKIPPED.subarray(0, skipped) : SKIPPED);
    }
    view.end();
  } catch (error) {
    throw ofArchive(error, name);
  }
  return members;
}

function add(members: Map<string, TarMember>, entry: EntryHeader, offset: number): void {
  const path = cleanMember(entry.path);
  const isFile = entry.type === 'file' || entry.type === 'contiguous-file';
  if (entry.type === 'sparse-file' || (isFile && entry.isSparse))
    throw new DockerceptionError('context', 'TAR_SPARSE', 'the file is sparse');
  if (isFile) members.set(path, { kind: 'file', offset, size: entry.size });
  else if (entry.type === 'symlink' || entry.type === 'hard-link')
    members.set(path, { kind: 'link', target: linkTarget(path, entry) });
}

function invalid(name: string, why: string, cause?: unknown): DockerceptionError {
  const message = `reading ${printable(name)}: ${why}`;
  return new DockerceptionError('build', 'ARCHIVE_INVALID', message, { cause });
}

/** Errors of the walk are about a context. */
function ofArchive(error: unknown, name: string): unknown {
  if (!(error instanceof DockerceptionError) || error.kind !== 'context') return error;
  if (error.code === 'TAR_TRUNCATED')
    return new DockerceptionError('build', 'ARCHIVE_TRUNCATED', error.message, {
      cause: error,
      hint: 'what wrote it stopped before its end: write or copy it again',
    });
  const why =
    error.code === 'TAR_NOT_A_TAR' ? 'it does not start with a tar header' : error.message;
  return invalid(name, `it is not an image archive: ${why}`, error);
}

const MAX_LINKS = 10;

/** The target of a link at a clean path. */
export function linkTarget(path: string, { type, linkpath }: EntryHeader): string {
  const isRelative = type === 'symlink' && !linkpath.startsWith('/');
  const folder = isRelative ? path.slice(0, path.lastIndexOf('/') + 1) : '';
  return cleanMember(folder + linkpath);
}

/** A path without `.`, `..` and empty parts, inside the archive. */
export function cleanMember(path: string): string {
  return componentsInside(path).join('/');
}

/** Follows a chain of links. */
export function followMember(path: string, targetOf: (path: string) => string | undefined): string {
  let at = path;
  for (let links = 0; links < MAX_LINKS; links++) at = targetOf(at) ?? at;
  return at;
}
