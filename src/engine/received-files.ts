/** A file system that an engine sends as a tar, for `-o type=local`. Nothing is written into the folder before all of it is here. */
import { tmpdir } from 'node:os';
import { Tree } from '../filesystem/tree.js';
import { unpack } from '../filesystem/unpack.js';
import { writeLocal } from './embedded/output/local-output.js';
import { Spool } from './embedded/spool/spool.js';
import type { EngineRequest } from './engine.js';

export class ReceivedFiles {
  readonly #tree = new Tree();
  readonly #spool: Spool;

  constructor(env: NodeJS.ProcessEnv) {
    this.#spool = new Spool(env['TMPDIR'] || tmpdir());
  }

  /** Rejects with the error of `tar`, or of kind context or output. */
  async receive(tar: AsyncIterable<Buffer>): Promise<void> {
    await unpack(tar, { tree: this.#tree, contents: this.#spool, name: 'the files of the build' });
    await this.#spool.settle();
  }

  /** Writes the files into a folder. Throws as {@link writeLocal}. */
  async finish(dest: string, options: Pick<EngineRequest, 'report' | 'signal'>): Promise<void> {
    const system = { platform: '', root: this.#tree.freeze(), layers: [] };
    await writeLocal([system], dest, { ...options, spool: this.#spool, time: 0 });
  }

  close(): Promise<void> {
    return Promise.resolve(this.#spool.close());
  }
}
