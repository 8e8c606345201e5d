/** A lot of output: none of it is lost to a slow reader, and none of it is kept in memory. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../engines.js';
import type { Shell } from '../support.js';
import { buildersOf, good, openOpenShell, three } from './support.js';

const MIB = 1 << 20;
/** What tar writes for one file of 255 MiB and a block, in its blocks of 10 KiB. */
const LARGE = 255 * MIB + 512;

/** A file that is large to everybody but the disk, and ends in a mark; as a tar on standard output. */
const write = (size: number): string =>
  `cd /tmp; dd if=/dev/zero of=large bs=1 count=0 seek=${size - 4} 2>/dev/null; echo end >> large; exec tar -c large`;

describe.each(three)('a lot of output with $name', (variant) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openOpenShell(variant);
    // Tells the most memory that Node has had, whatever it was for.
    await shell.file(
      'peak.mjs',
      "import fs from 'node:fs';\n" +
        "const peak = () => /VmHWM:\\s+(\\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1];\n" +
        "process.on('exit', () => fs.writeSync(2, `peak ${peak()} kB\\n`));\n",
    );
  });
  afterAll(() => shell.close());

  const filter = (mark: string, size: number): string =>
    `dockerception filter --allow-no-dockerfile --from-image ${engines.base} -- sh -c '${write(size)} # ${mark}'`;

  it('comes to its end, however slow its reader', async () => {
    const mark = shell.name();
    // The reader starts late, and pauses near the end, where the builder is over already.
    const reader =
      '{ sleep 1; head -c 200000000; sleep 1; head -c 67000000; sleep 1; cat; } | tar -xO | tail -c 4';
    expect(good(await shell.run(`${filter(mark, LARGE)} | ${reader}`))).toBe('end\n');
    expect(await buildersOf(variant.host, mark)).toEqual([]);
  });

  it('takes no memory', async () => {
    const mark = shell.name();
    const command = `NODE_OPTIONS="--import $PWD/peak.mjs" ${filter(mark, 512 * MIB)} | tail -c 1 | wc -c`;
    const outcome = await shell.run(command);
    expect(good(outcome)).toBe('1\n');
    const peaks = [...outcome.stderr.matchAll(/^peak (\d+) kB$/gm)].map(([, peak]) => Number(peak));
    expect(peaks).toHaveLength(1);
    expect((peaks[0] as number) * 1024).toBeLessThan(90_000_000);
  });
});
