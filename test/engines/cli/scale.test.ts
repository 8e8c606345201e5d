/** Memory that `filter` needs for a large context, whatever it reads it from. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { REPORT_PEAK } from '../peak.js';
import { BIN } from '../support.js';

const bash = (script: string, env: NodeJS.ProcessEnv = {}) =>
  promisify(execFile)('bash', ['-e', '-o', 'pipefail', '-c', script], { cwd: folder, env });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-scale-'));
  await mkdir(join(folder, 'context'));
  await bash('truncate -s 512M context/zeros; tar -cf context.tar -C context .', process.env);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each(['< context.tar', '- < <(cat context.tar)', 'context.tar', 'context'])(
  'filter takes at most 95 MB for 512 MiB: filter %s',
  async (source) => {
    const filter = '"$NODE" --import "$REPORT" "$BIN" filter --allow-no-dockerfile';
    const { stdout } = await bash(`${filter} ${source} | wc -c`, {
      PATH: process.env['PATH'],
      HOME: folder,
      NODE: process.execPath,
      BIN,
      REPORT: REPORT_PEAK,
      PEAK: join(folder, 'peak'),
    });
    expect(Number(stdout)).toBeGreaterThan(512 << 20);
    const peak = await readFile(join(folder, 'peak'), 'utf8');
    expect(Number(peak) * 1024).toBeLessThan(95_000_000);
  },
);
