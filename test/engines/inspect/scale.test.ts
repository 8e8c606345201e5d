/** What many entries and many bytes cost to look at: memory grows with the former alone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPORT_PEAK } from '../peak.js';
import { BIN } from '../support.js';

const GENERATOR = fileURLToPath(new URL('../../support/many-entries.js', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-scale-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a script in the folder, in which `inspect` is the tool. Gives the most memory that it had, in bytes. */
async function peakOf(script: string): Promise<number> {
  const tool = `inspect() { "$NODE" --import "$REPORT" "$BIN" inspect "$@"; }`;
  const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', `${tool}\n${script}`], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      NODE: process.execPath,
      REPORT: REPORT_PEAK,
      BIN,
      GENERATOR,
      PEAK: join(folder, 'peak'),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code).toBe(0);
  return Number(await readFile(join(folder, 'peak'), 'utf8')) * 1024;
}

describe('looking inside', () => {
  it.each(['', '--json', '--list', '--all', '--html page.html'])(
    'of 100,000 entries takes at most 200 MB: %s',
    async (view) => {
      const make = '"$NODE" "$GENERATOR" 100000 | "$NODE" "$BIN" --engine embedded -q -o many.tar';
      const script = `[ -e many.tar ] || ${make}\ninspect many.tar ${view}`;
      expect(await peakOf(script)).toBeLessThan(200_000_000);
    },
  );

  it('of four gigabytes takes no more than of a few bytes', async () => {
    const script =
      'truncate -s 4G zeros\ntar -c zeros | gzip -1 > zeros.tar.gz\ninspect zeros.tar.gz';
    expect(await peakOf(script)).toBeLessThan(105_000_000);
  });
});
