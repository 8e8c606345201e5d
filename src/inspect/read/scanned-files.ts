/** What has passed of an archive, as the files that readers of layouts and of `docker save` look into. */
import { Readable } from 'node:stream';
import { followMember } from '../../image/archive/tar-link.js';
import { EMPTY_DIGEST } from '../../image/digest.js';
import type { LayoutFiles } from '../../image/layout/layout-files.js';
import { toBinary } from '../../text/binary.js';
import type { PassedArchive } from './archive-scan.js';
import type { PassedBlob } from './scanned-blob.js';

/** Layers have passed: of them, the digest and the first bytes are left. */
export class PassedFiles implements LayoutFiles {
  readonly #archive: PassedArchive;

  constructor(
    readonly name: string,
    archive: PassedArchive,
  ) {
    this.#archive = archive;
  }

  size(path: string): Promise<number | undefined> {
    return Promise.resolve(this.find(path)?.size);
  }

  digest(path: string): Promise<string | undefined> {
    return Promise.resolve(this.find(path)?.digest);
  }

  open(path: string): Promise<Readable> {
    const found = this.find(path);
    if (found === undefined)
      return Promise.reject(new Error(`there is no ${path} in ${this.name}`));
    return Promise.resolve(Readable.from([found.document ?? found.head], { objectMode: false }));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  find(path: string): PassedBlob | undefined {
    const { blobs, links } = this.#archive;
    const at = followMember(path, (link) => links.get(link));
    return blobs.get(at) ?? this.#emptyFile(at);
  }

  /** Empty files are not retained as blobs: a context has many. */
  #emptyFile(path: string): PassedBlob | undefined {
    const name = toBinary(path);
    const entry = this.#archive.context.entries.findLast(({ path }) => path === name);
    const isEmpty = entry?.type === 'file' && entry.contentSize === 0;
    return isEmpty ? { digest: EMPTY_DIGEST, size: 0, head: Buffer.alloc(0) } : undefined;
  }
}
