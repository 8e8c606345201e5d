/** A builder of buildx: this tool beside `docker buildx build -`, with the same contexts and outputs. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MIB, writeContext } from './contexts.js';
import { peakBehind, sideBySide } from './measure.js';

const program = fileURLToPath(new URL('../bin/dockerception.js', import.meta.url));
const endless = fileURLToPath(new URL('endless.js', import.meta.url));
const tool = `${process.execPath} ${program}`;

/** The image is small, so that the time is that of the context's way. */
const DOCKERFILE = 'FROM scratch\nCOPY Dockerfile /\n';
const GIB = 4;

/**
 * @param {object} bench
 * @param {string} bench.folder for files; it is removed at the end
 * @param {number} bench.runs
 * @param {string} bench.docker the CLI, with buildx
 * @param {string} bench.builder the name of a builder of buildx
 * @param {(work: string, value: number, limit: number, unit?: string) => void} bench.row
 */
export async function measureBuildkit({ folder, runs, docker, builder, row }) {
  const contexts = [
    {
      name: '50,000 small files',
      files: 50_000,
      size: (/** @type {number} */ index) => 1000 + ((index * 7919) % 1720),
    },
    { name: '1 GiB in two files', files: 2, size: () => 512 * MIB },
  ];
  const image = join(folder, 'image.tar');
  const options = `--builder ${builder} --no-cache -q --provenance=false -o type=oci,dest=${image}`;
  for (const { name, files, size } of contexts) {
    const context = join(folder, 'upload.tar');
    await writeContext(context, files, size, undefined, DOCKERFILE);
    const seen = await sideBySide(
      {
        buildx: `${docker} buildx build ${options} - < ${context}`,
        own: `${tool} ${options} < ${context}`,
      },
      runs,
    );
    row(
      `--builder, ${name}, against docker buildx build - (${seen('buildx').toFixed(2)} s)`,
      seen('own') / seen('buildx'),
      1.05,
    );
  }
  const bytes = await peakBehind(
    [process.execPath, endless, String(GIB), '1', DOCKERFILE],
    [program, ...options.split(' ')],
  );
  row(`peak memory of --builder, ${GIB} GiB`, bytes / 1e6, 90, 'MB');
}
