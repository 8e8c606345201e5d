/** Builders: one command beside the pipe of three that a shell has for it. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MIB } from './contexts.js';
import { peakOf, sideBySide } from './measure.js';

const program = fileURLToPath(new URL('../bin/dockerception.js', import.meta.url));
const tool = `${process.execPath} ${program}`;

/** What the builder writes, beside its Dockerfile. */
const BYTES = 64 * MIB;
const GIB = 4;

/**
 * @param {object} bench
 * @param {string} bench.folder for files; it is removed at the end
 * @param {number} bench.runs
 * @param {string} bench.docker the CLI, with the engine of `engine`
 * @param {string} bench.engine a DOCKER_HOST
 * @param {string} bench.base an image with a shell, tar and truncate
 * @param {(work: string, value: number, limit: number, unit?: string) => void} bench.row
 */
export async function measureBuilders({ folder, runs, docker, engine, base, row }) {
  const env = { ...process.env, DOCKER_HOST: engine };
  const builder = join(folder, 'builder');
  mkdirSync(join(builder, 'out'), { recursive: true });
  writeFileSync(join(builder, 'out/Dockerfile'), 'FROM scratch\nCOPY data /data\n');
  writeFileSync(join(builder, 'out/data'), randomBytes(BYTES));
  const lines = [
    `FROM ${base}`,
    'COPY out /out',
    'WORKDIR /out',
    'CMD ["tar", "-cf", "-", "."]',
    '',
  ];
  writeFileSync(join(builder, 'Dockerfile'), lines.join('\n'));
  const seen = await sideBySide(
    {
      pipe:
        `id=$(${docker} build -q ${builder}) && ${docker} run --rm $id | ` +
        `${docker} build -q -t dockerception-bench -`,
      own: `${tool} -q --from ${builder} -t dockerception-bench`,
    },
    runs,
    env,
  );
  row(
    `a builder of 64 MiB and its image, against the shell's pipe (${seen('pipe').toFixed(2)} s)`,
    seen('own') / seen('pipe'),
    1.05,
  );
  const script = `truncate -s ${GIB}G /data && tar -cf - /data`;
  const command = ['--', 'sh', '-c', script];
  const args = [program, 'filter', '-q', '--allow-no-dockerfile', '--from-image', base, ...command];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const bytes = await peakOf(child, args);
  row(`peak memory of filter, ${GIB} GiB from a builder`, bytes / 1e6, 100, 'MB');
}
