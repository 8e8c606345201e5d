/** A small tar made in memory: the Dockerfile that `--base` writes. */
import { PassThrough, type Readable } from 'node:stream';
import type { Source } from './source.js';

/** A file or directory to put into it. */
export interface GeneratedEntry {
  readonly name: string;
  /** Undefined for a directory, or a link. */
  readonly content?: string;
  /** What a symbolic link points to. @default it is none */
  readonly link?: string;
}

/** A source of these entries, owned by 0:0, dated 1970. */
export async function generatedSource(
  name: string,
  entries: readonly GeneratedEntry[],
): Promise<Source> {
  const { pack: createPack } = await import('tar-stream');
  const { default: pump } = await import('pump');
  const pack = createPack();
  const mtime = new Date(0);
  for (const { name: path, content, link } of entries) {
    if (link !== undefined)
      pack.entry({ name: path, type: 'symlink', linkname: link, mode: 0o777, mtime });
    else if (content === undefined)
      pack.entry({ name: path, type: 'directory', mode: 0o755, mtime });
    else pack.entry({ name: path, mode: 0o644, mtime }, content);
  }
  pack.finalize();
  const stream = new PassThrough();
  // tar-stream's streams aren't Node's: pump ends and destroys either with the other.
  pump(pack as unknown as Readable, stream);
  return { name, stream, complete: Promise.resolve() };
}
