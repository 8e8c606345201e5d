/** What the embedded engine makes of a case. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'vitest';
import { build } from '../../../../src/build.js';
import { DockerceptionError } from '../../../../src/errors.js';
import type { Outcome } from './buildkit.js';
import type { CaseOptions } from './case.js';
import { flatten } from './flatten.js';
import { readArchive } from './image.js';

/** Builds with the embedded engine. Rejects with anything that isn't an error of its own. */
export async function buildEmbedded(context: Buffer, options: CaseOptions): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'dockerception-differential-'));
  const [dest, tree] = [join(folder, 'image.tar'), join(folder, 'image.tar-files')];
  const several = (options.platforms?.length ?? 0) > 1;
  try {
    await build({
      ...options,
      context: Readable.from([context], { objectMode: false }),
      // BuildKit leaves owners as the tar has them.
      owner: 'keep',
      engine: 'embedded',
      outputs: [
        { type: 'oci', dest, attributes: {} },
        ...(several ? [] : [{ type: 'tar', dest: tree, attributes: {} } as const]),
      ],
      env: { PATH: process.env['PATH'], HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') },
    });
    const images = readArchive(await readFile(dest));
    // The layers on top of each other are the file system that is written in one.
    if (!several) expect(flatten([await readFile(tree)], false)).toEqual(images[0]?.files);
    return { images };
  } catch (error) {
    if (!(error instanceof DockerceptionError)) throw error;
    const left = (await readdir(folder)).filter((name) => name.startsWith('image.tar'));
    if (left.length > 0) throw new Error('a failed build leaves its output', { cause: error });
    return { refused: error.message };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
