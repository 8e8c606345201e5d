/** A small tar made in memory: the Dockerfile that `--base` writes, links to libraries. */
import { Readable } from 'node:stream';
import { END_OF_ARCHIVE, headerOf, paddingAfter } from '../tar/writer.js';
import { toBinary } from '../text/binary.js';
import type { Source } from './source.js';

/** A file, directory or link to put into it. */
export interface GeneratedEntry {
  /** A directory's ends in a slash. */
  readonly name: string;
  /** Undefined for a directory, or a link. */
  readonly content?: string;
  /** The target of a symbolic link. @default no link */
  readonly link?: string;
}

/** A source of these entries, owned by 0:0, dated 1970. */
export function generatedSource(name: string, entries: readonly GeneratedEntry[]): Source {
  const tar = Buffer.concat([...entries.flatMap(blocksOf), END_OF_ARCHIVE]);
  const stream = Readable.from([tar], { objectMode: false });
  return { name, stream, complete: Promise.resolve() };
}

function blocksOf({ name, content, link }: GeneratedEntry): Buffer[] {
  const entry = { path: toBinary(name), uid: 0, gid: 0, size: 0, mtime: 0 };
  if (link !== undefined)
    return [headerOf({ ...entry, typeflag: '2', mode: 0o777, linkpath: toBinary(link) })];
  if (content === undefined) return [headerOf({ ...entry, typeflag: '5', mode: 0o755 })];
  const body = Buffer.from(content);
  const header = headerOf({ ...entry, typeflag: '0', mode: 0o644, size: body.length });
  return [header, body, paddingAfter(body.length)];
}
