import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { attempt, damagedCase } from '../../bench/mutate.js';
import { Random } from '../../bench/random.js';
import { DockerceptionError } from '../../src/errors.js';
import { filterInto } from '../../src/filter.js';

/** What a case that goes wrong is found again with: `damagedCase(new Random(SEED + turn))`. */
const SEED = 20_260_101;
const CASES = 100_000;

/** A damaged tar is refused or passed on within a millisecond or so. */
const HANGS = 20_000;
const MiB = 1024 * 1024;

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

test(
  `${CASES} damaged tars are refused clearly, or leave whole and owned by 0:0`,
  { timeout: 600_000 },
  async () => {
    const results = new Map<string, number>();
    const limit = Error.stackTraceLimit;
    // Three of four cases end in an error that nobody prints.
    Error.stackTraceLimit = 0;
    let before = 0;
    for (let turn = 0; turn < CASES; turn++) {
      const subject = damagedCase(new Random(SEED + turn));
      let timer: NodeJS.Timeout | undefined;
      const hangs = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('it hangs')), HANGS);
      });
      try {
        const running = attempt(subject, { filterInto, DockerceptionError });
        const code = await Promise.race([running, hangs]);
        results.set(code, (results.get(code) ?? 0) + 1);
      } catch (error) {
        throw new Error(`case ${turn} (${subject.how})`, { cause: error });
      } finally {
        clearTimeout(timer);
      }
      if (turn === CASES / 10) {
        collectGarbage();
        before = process.memoryUsage().heapUsed;
      }
    }
    Error.stackTraceLimit = limit;
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(32 * MiB);
    // The damage reaches all that can go wrong, and leaves enough that goes well.
    for (const code of [
      '',
      'TAR_CHECKSUM',
      'TAR_TRUNCATED',
      'TAR_FIELD',
      'TAR_PAX',
      'TAR_METADATA',
      'TAR_GLOBAL',
    ]) {
      expect(results.get(code), code).toBeGreaterThan(CASES / 1000);
    }
  },
);
