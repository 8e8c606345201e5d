/**
 * `npm run bench`: this tool side by side with its peers, in one table. `--only PART` (repeated) for some rows, by the name of
 * their file or a part of their text; `--runs N` for N pairs (5); `--list` names the rows; `--with NAME=VALUE` (repeated)
 * gives a program's path or what a row needs: see inputs.js.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Inputs } from './inputs.js';
import { Shell } from './measure.js';
import { builders } from './rows/builders.js';
import { filter } from './rows/filter.js';
import { images } from './rows/images.js';
import { inspect } from './rows/inspect.js';
import { registry } from './rows/registry.js';

/**
 * One line of the table. Commands are for a shell (measure.js); `$NAME` is a program, an address or a file of inputs.js, and
 * a row whose program or address is missing is not measured.
 * @typedef {object} Row
 * @property {string} work
 * @property {number} goal the most that is allowed: times the peer, or in `unit`
 * @property {string} own this tool's command
 * @property {string} [against] the peer's command
 * @property {string} [peer] its name
 * @property {'MB'} [unit] of `own` alone: its peak memory, or the result of `measure`
 * @property {(shell: Shell) => Promise<number>} [measure] instead of the peak memory
 * @property {true} [byProcessor] the goal is for the processor time
 * @property {number} [pause] a slow reader's: milliseconds after each read
 * @property {string | false} [bytes] rows with the same name write the same bytes; false: each run writes others
 * @property {string} [after] a command after each run, not measured, whose output is compared instead
 */

/** @type {Record<string, Row[]>} */
const parts = { filter, images, inspect, builders, registry };

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    with: { type: 'string', multiple: true, default: [] },
    runs: { type: 'string', default: '5' },
    list: { type: 'boolean', default: false },
  },
});

const all = Object.entries(parts).flatMap(([part, rows]) => rows.map((row) => ({ part, ...row })));
const rows = all.filter(
  ({ part, work }) =>
    values.only.length === 0 || values.only.some((name) => part === name || work.includes(name)),
);
if (values.list) for (const { part, work } of rows) console.log(`${part}: ${work}`);
else await measureAll();

async function measureAll() {
  const folder = mkdtempSync(join(os.tmpdir(), 'dockerception-bench-'));
  const inputs = new Inputs(folder, values.with);
  const shell = new Shell(folder, inputs.env);
  /** @type {Map<string, string>} */
  const expected = new Map();
  const count = { reached: 0, measured: 0 };
  const cpu = os.cpus()[0]?.model ?? 'unknown';
  console.log(
    `${cpu}, ${os.cpus().length} cores, Node ${process.versions.node}, medians of ${values.runs} pairs\n`,
  );
  console.log('| work | this run | goal | reached |\n| --- | --- | --- | --- |');
  try {
    for (const [at, row] of rows.entries()) {
      const [shown, isReached] = await result(row);
      if (isReached !== undefined) count.measured++;
      if (isReached === true) count.reached++;
      const goal = `${row.goal} ${row.unit ?? 'times'}${row.byProcessor ? ' (processor)' : ''}`;
      const reached = isReached === undefined ? '-' : isReached ? 'yes' : 'no';
      console.log(`| ${row.work} | ${shown} | ${goal} | ${reached} |`);
      inputs.keep(rows.slice(at + 1).map(commandsOf));
    }
  } finally {
    await shell.close();
    rmSync(folder, { recursive: true });
  }
  const missed = count.measured - count.reached;
  const left = rows.length - count.measured;
  console.log(`\n${count.reached} of ${rows.length} reached, ${missed} not, ${left} not measured`);

  /** What it shows and whether the goal is reached, if it was measured. @param {Row} row @returns {Promise<[string, boolean?]>} */
  async function result(row) {
    const missing = inputs.missing(commandsOf(row));
    if (missing.length > 0) return [`not measured: no ${missing.join(', ')}`];
    try {
      await inputs.prepare(commandsOf(row), shell);
      if (row.unit !== undefined) {
        const value = (await (row.measure?.(shell) ?? shell.peak(row.own, row.pause))) / 1e6;
        return [`${value.toPrecision(3)} ${row.unit}`, value <= row.goal];
      }
      const { value, cpu, peer } = await shell.compare(row, Number(values.runs), expected);
      const shown = `${value.toFixed(2)} times, processor ${cpu.toFixed(2)}`;
      const against = `${row.peer ?? 'peer'} ${peer.toFixed(2)} s`;
      return [`${shown} (${against})`, (row.byProcessor ? cpu : value) <= row.goal];
    } catch (error) {
      process.exitCode = 1;
      return [`FAILED: ${error instanceof Error ? error.message : String(error)}`, false];
    }
  }
}

/** @param {Row} row */
function commandsOf({ own, against = '', after = '' }) {
  return [own, against, after].join('\n');
}
