/** A file that a result is left in beside the image: `--iidfile`, `--metadata-file`. */
import { lstat, rm } from 'node:fs/promises';
import type { OutputPlace } from '../context/own-outputs.js';
import { systemCode } from '../errors.js';
import { checkOutput, writeOutput } from '../files/output-file.js';
import { outputFailure } from '../files/write-error.js';
import { isDigest } from '../image/digest.js';

export class ResultFile {
  readonly path: string;
  /** What messages call it. */
  readonly #name: string;

  private constructor(path: string, option: string) {
    this.path = path;
    this.#name = `${option} ${path}`;
  }

  /**
   * Checks whether it can be written, before any work: an image that was pushed by then can't be taken back.
   * @param option what messages call it
   * @throws DockerceptionError of kind output, OUTPUT_FAILED.
   */
  static async prepare(path: string, option: string): Promise<ResultFile> {
    const file = new ResultFile(path, option);
    await checkOutput(path, file.#name);
    return file;
  }

  /** Removes what an earlier build has written: a failed one must not leave it. A device or a link stays. */
  async forget(): Promise<void> {
    const found = await lstat(this.path).catch(() => undefined);
    if (found?.isFile() !== true) return;
    await rm(this.path, { force: true }).catch((error: unknown) => {
      // A mount point can only be emptied.
      if (systemCode(error) !== 'EBUSY') throw outputFailure(this.#name, error);
      return writeOutput(this.path, '', this.#name);
    });
  }

  /** Where it is, for the check that it replaces nothing that is read. */
  get place(): OutputPlace {
    return { path: this.path, name: this.#name, form: 'file', isEarlier: isResult };
  }

  /** Writes it as a whole. Throws DockerceptionError of kind output. */
  save(text: string): Promise<void> {
    return writeOutput(this.path, text, this.#name);
  }
}

/** An image ID, or a JSON object, as far as its beginning shows. */
function isResult(_path: string, head: Buffer): boolean {
  const text = head.toString();
  return (
    isDigest(text.trimEnd(), 'sha256') || /^\{\s*("(containerimage|buildx)\.|\}\s*$)/.test(text)
  );
}
