/** A file that a result is left in beside the image: `--iidfile`, `--metadata-file`. */
import { constants } from 'node:fs';
import { access, lstat, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../errors.js';
import { outputFailure } from '../image/output-error.js';

export class ResultFile {
  readonly path: string;
  readonly #option: string;

  private constructor(path: string, option: string) {
    this.path = path;
    this.#option = option;
  }

  /**
   * Looks whether it can be written, before any work: an image that was pushed by then can't be taken back.
   * @param option what messages call it
   * @throws DockerceptionError of kind output, OUTPUT_FAILED.
   */
  static async prepare(path: string, option: string): Promise<ResultFile> {
    const file = new ResultFile(path, option);
    try {
      const found = await stat(path).catch((error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw error;
      });
      if (found?.isDirectory() === true)
        throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
      await access(found === undefined ? dirname(path) : path, constants.W_OK);
      return file;
    } catch (error) {
      throw file.#failure(error);
    }
  }

  /** A failed build must not leave what an earlier one has written. A device, or a link to one, stays. */
  async forget(): Promise<void> {
    const found = await lstat(this.path).catch(() => undefined);
    if (found?.isFile() !== true) return;
    await rm(this.path, { force: true }).catch((error: unknown) => {
      throw this.#failure(error);
    });
  }

  /** @throws DockerceptionError of kind output. */
  async save(text: string): Promise<void> {
    try {
      await writeFile(this.path, text);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): unknown {
    return outputFailure(`${this.#option} ${this.path}`, error);
  }
}
