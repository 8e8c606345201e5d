/**
 * `npm run fuzz -- [--seconds N] [--seed S]`: damages tars and passes them through the filter in
 * dist/, until Ctrl-C or as long as asked. The first input that isn't refused clearly or passed on
 * well is saved in the current folder, and the exit code is 1. A thread does the work, so that one
 * that hangs is seen too.
 */
import { writeFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { attempt, damagedCase } from './mutate.js';
import { Random } from './random.js';

/** One case takes a millisecond or so: what takes this long hangs. Milliseconds. */
const HANGS = 10_000;
const LINE_EVERY = 5000;

if (isMainThread) await watch();
else await work(Number(workerData));

/**
 * The n-th case of a seed, by itself: a failing one is found again at once.
 * @param {number} seed
 * @param {number} turn
 */
function caseOf(seed, turn) {
  return damagedCase(new Random(Math.imul(seed, 0x9e3779b1) + turn));
}

/** @typedef {{ turn: number, failure?: string }} Progress */

/** @param {number} seed */
async function work(seed) {
  const [{ filterInto }, { DockerceptionError }] = await Promise.all([
    import('../dist/filter.js'),
    import('../dist/errors.js'),
  ]);
  for (let turn = 0; ; turn++) {
    if (turn % 100 === 0) parentPort?.postMessage({ turn });
    try {
      await attempt(caseOf(seed, turn), { filterInto, DockerceptionError });
    } catch (error) {
      parentPort?.postMessage({ turn, failure: describe(error) });
      return;
    }
    // A turn of the event loop, so that what was posted leaves.
    if (turn % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** @param {unknown} error */
function describe(error) {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function watch() {
  const { parseArgs } = await import('node:util');
  const { values } = parseArgs({
    options: { seed: { type: 'string' }, seconds: { type: 'string' } },
  });
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  const seconds = Number(values.seconds ?? Infinity);
  if (!Number.isInteger(seed) || !(seconds > 0)) {
    console.error('usage: npm run fuzz -- [--seconds N] [--seed S]');
    process.exitCode = 2;
    return;
  }
  console.log(`seed ${seed}`);
  const started = Date.now();
  let heard = started;
  let turns = 0;
  const worker = new Worker(new URL(import.meta.url), { workerData: seed });
  const line = () => {
    const elapsed = (Date.now() - started) / 1000;
    const heap = Math.round(process.memoryUsage().rss / 2 ** 20);
    console.log(`${turns} cases in ${elapsed.toFixed(0)} s, ${heap} MiB resident`);
  };
  await new Promise((resolve) => {
    const lines = setInterval(line, LINE_EVERY);
    const end = (/** @type {number} */ code) => {
      clearInterval(lines);
      clearInterval(check);
      process.exitCode = code;
      void worker.terminate().then(resolve);
    };
    const fail = (/** @type {number} */ turn, /** @type {string} */ why) => {
      const { tar, options, chunks, how } = caseOf(seed, turn);
      const file = `fuzz-${seed}-${turn}.tar`;
      writeFileSync(file, tar);
      console.log(`case ${turn} (${how}; ${JSON.stringify({ options, chunks })}): ${why}`);
      console.log(`saved as ${file}`);
      end(1);
    };
    const check = setInterval(() => {
      if (Date.now() - started >= seconds * 1000) {
        line();
        end(0);
      } else if (Date.now() - heard > HANGS) {
        fail(turns, `one of the 100 from here hangs`);
      }
    }, 250);
    process.once('SIGINT', () => {
      line();
      end(0);
    });
    worker.on('message', (/** @type {Progress} */ { turn, failure }) => {
      heard = Date.now();
      turns = turn;
      if (failure !== undefined) fail(turn, failure);
    });
    worker.on('error', (error) => fail(turns, describe(error)));
  });
}
