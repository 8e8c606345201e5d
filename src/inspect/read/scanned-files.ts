/** A scanned archive as the files that readers of layouts and of `docker save` open. */
import { Readable } from 'node:stream';
import { followMember } from '../../image/archive/tar-index.js';
import { EMPTY_DIGEST } from '../../image/digest.js';
import type { LayoutFiles } from '../../image/layout/layout-files.js';
import { toBinary } from '../../text/binary.js';
import type { ScannedArchive } from './archive-scan.js';
import type { ScannedBlob } from './scanned-blob.js';

/** Of layers, only the digest and the first bytes are available. */
export class ScannedFiles implements LayoutFiles {
  constructor(
    readonly name: string,
    private readonly archive: ScannedArchive,
  ) {}

  async size(path: string): Promise<number | undefined> {
    return this.#find(path)?.size;
  }

  async digest(path: string): Promise<string | undefined> {
    return this.#find(path)?.digest;
  }

  async open(path: string): Promise<Readable> {
    const found = this.#find(path);
    if (found === undefined) throw new Error(`there is no ${path} in ${this.name}`);
    return Readable.from([found.document ?? found.head], { objectMode: false });
  }

  async close(): Promise<void> {}

  #find(path: string): ScannedBlob | undefined {
    const { blobs, links, context } = this.archive;
    const target = followMember(path, (link) => links.get(link));
    const blob = blobs.get(target);
    if (blob !== undefined) return blob;
    // Empty files are not retained as blobs, since a context may have many.
    const name = toBinary(target);
    const entry = context.entries.findLast(({ path }) => path === name);
    const isEmpty = entry?.type === 'file' && entry.contentSize === 0;
    return isEmpty ? { digest: EMPTY_DIGEST, size: 0, head: Buffer.alloc(0) } : undefined;
  }
}
