/** Runs commands and measures them: wall time in seconds, peak memory in bytes. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Seconds that a shell command takes. @param {string} command @param {NodeJS.ProcessEnv} [env] */
export async function seconds(command, env = process.env) {
  const started = performance.now();
  const child = spawn('bash', ['-o', 'pipefail', '-c', command], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const status = await exitCode(child);
  if (status !== 0) throw new Error(`running ${command}: exit code ${String(status)}`);
  return (performance.now() - started) / 1000;
}

/** The middle one. @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return /** @type {number} */ (sorted[sorted.length >> 1]);
}

/**
 * Medians of commands run in turn, so that all of them see the same machine.
 * @param {Record<string, string>} commands @param {number} runs @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<(name: string) => number>} the median of each, in seconds
 */
export async function sideBySide(commands, runs, env) {
  const times = new Map(Object.keys(commands).map((name) => [name, /** @type {number[]} */ ([])]));
  for (const command of Object.values(commands)) await seconds(command, env);
  for (let run = 0; run < runs; run++) {
    for (const [name, command] of Object.entries(commands)) {
      times.get(name)?.push(await seconds(command, env));
    }
  }
  return (name) => median(times.get(name) ?? []);
}

/**
 * Peak resident memory of `node args` fed by `producer`. Bytes.
 * @param {string[]} producer arguments of node, too @param {string[]} args
 */
export function peakMemory(producer, args) {
  return peakBehind([process.execPath, ...producer], args);
}

/** The same behind any command. @param {string[]} command @param {string[]} args */
export async function peakBehind([program = '', ...operands], args) {
  const source = spawn(program, operands, { stdio: ['ignore', 'pipe', 'inherit'] });
  const child = spawn(process.execPath, args, { stdio: [source.stdout, 'ignore', 'inherit'] });
  source.stdout?.destroy();
  return peakOf(child, args);
}

/** The same of a process that has been started. @param {import('node:child_process').ChildProcess} child @param {string[]} args */
export async function peakOf(child, args) {
  let peak = 0;
  const look = () => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // It has just ended.
    }
  };
  const timer = setInterval(look, 20);
  const status = await exitCode(child);
  clearInterval(timer);
  if (status !== 0) throw new Error(`running ${args.join(' ')}: exit code ${String(status)}`);
  return peak;
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<number | null>} */
function exitCode(child) {
  return new Promise((resolve) => {
    child.on('close', (status) => resolve(status));
  });
}
