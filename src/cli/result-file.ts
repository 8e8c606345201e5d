/** A file that a result is left in beside the image: `--iidfile`, `--metadata-file`. */
import { lstat, rm } from 'node:fs/promises';
import type { OutputPlace } from '../context/own-outputs.js';
import { systemCode } from '../errors.js';
import { checkOutput, writeOutput } from '../files/output-file.js';
import { outputFailure } from '../files/write-error.js';
import { isDigest } from '../image/digest.js';
import type { Arguments } from './arguments/parse.js';

export class ResultFile implements OutputPlace {
  readonly form = 'file';

  private constructor(
    readonly path: string,
    /** What messages about writing call it. */
    private readonly title: string,
  ) {}

  /**
   * The file of an option, if that is given. Checks whether it can be written, before any work: an image that was pushed
   * by then can't be taken back.
   * @throws DockerceptionError of kind output, OUTPUT_FAILED.
   */
  static async of(args: Arguments, option: string): Promise<ResultFile | undefined> {
    const path = args.value(option);
    if (path === undefined) return undefined;
    const file = new ResultFile(path, `--${option} ${path}`);
    await checkOutput(path, file.title);
    return file;
  }

  get name(): string {
    return this.path;
  }

  /** Whether it is an image ID, or a JSON object, as far as its beginning shows. */
  isEarlier(_path: string, head: Buffer): boolean {
    const text = head.toString();
    return (
      isDigest(text.trimEnd(), 'sha256') || /^\{\s*("(containerimage|buildx)\.|\}\s*$)/.test(text)
    );
  }

  /** Removes what an earlier build has written: a failed one must not leave it. A device or a link stays. */
  async forget(): Promise<void> {
    const found = await lstat(this.path).catch(() => undefined);
    if (found?.isFile() !== true) return;
    await rm(this.path, { force: true }).catch((error: unknown) => {
      // A mount point can only be emptied.
      if (systemCode(error) !== 'EBUSY') throw outputFailure(this.title, error);
      return this.save('');
    });
  }

  /** Writes it as a whole. Throws DockerceptionError of kind output. */
  save(text: string): Promise<void> {
    return writeOutput(this.path, text, this.title);
  }
}
