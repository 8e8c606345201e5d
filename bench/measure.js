/** Runs shell commands: wall and processor time, peak memory, and a digest of all that each of them writes. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const bin = here('../bin/dockerception.js');
const node = process.execPath;

/** @typedef {{ seconds: number, cpu: number, digest: string }} Run seconds of wall and of processor time */
/** @typedef {{ value: number, cpu: number, peer: number }} Comparison ratios, and the peer's seconds */

/**
 * A shell with `$TOOL`, `$NODE`, `$BENCH`, `$DIR`, and `$OUT`, a file that each run finds absent. Standard output is a pipe
 * whose reader exists before the clock starts.
 */
export class Shell {
  #reader = new Worker(new URL('reader.js', import.meta.url));
  #fifo;
  #out;
  #peak;

  /** @param {string} folder @param {NodeJS.ProcessEnv} env variables of all commands */
  constructor(folder, env) {
    this.#fifo = join(folder, 'fifo');
    this.#out = join(folder, 'out');
    this.#peak = join(folder, 'peak');
    spawnSync('mkfifo', [this.#fifo]);
    /** @type {NodeJS.ProcessEnv} */
    this.env = {
      ...process.env,
      ...env,
      DIR: folder,
      OUT: this.#out,
      NODE: node,
      BENCH: here('.'),
      TOOL: `${node} ${bin}`,
    };
  }

  /** @param {string} command @param {number} [pause] milliseconds between two reads @returns {Promise<Run>} */
  async run(command, pause = 0, env = this.env) {
    rmSync(this.#out, { force: true, recursive: true });
    const written = this.#digest(this.#fifo, pause);
    const script = `exec 4>&2 > ${this.#fifo}\nTIMEFORMAT='%R %U %S'\n{ time { ${command}\n} 2>&4; } 2>&3`;
    const child = spawn('bash', ['-eo', 'pipefail', '-c', script], {
      env,
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    const times = text(/** @type {import('node:stream').Readable} */ (child.stdio[3]));
    /** @type {unknown} */
    const status = await new Promise((resolve) => child.once('close', resolve));
    const digests = [await written];
    if (status !== 0) throw new Error(`exit code ${String(status)}: ${command}`);
    const [seconds = 0, user = 0, system = 0] = (await times).trim().split(' ').map(Number);
    if (existsSync(this.#out)) digests.push(await this.#digest(this.#out, 0));
    return { seconds, cpu: user + system, digest: digests.filter(Boolean).join(' and ') };
  }

  /** Peak resident memory of the tool in a command. Bytes. @param {string} command @param {number} [pause] */
  async peak(command, pause) {
    const env = { PEAK: this.#peak, TOOL: `${node} --import ${here('peak.js')} ${bin}` };
    await this.run(command, pause, { ...this.env, ...env });
    return Number(readFileSync(this.#peak, 'utf8'));
  }

  /**
   * Medians of pairs, each after a run that isn't measured. All runs of a command must write the same.
   * @param {import('./run.js').Row} row @param {number} runs @param {Map<string, string>} expected digests by name
   * @returns {Promise<Comparison>}
   */
  async compare({ work, own, against = '', pause, bytes, after }, runs, expected) {
    const names = [bytes || work, `${work}, the peer`];
    /** @param {string} command @param {string | undefined} name */
    const checked = async (command, name = '') => {
      const run = await this.run(command, pause);
      const digest = after ? (await this.run(after)).digest : run.digest;
      if (bytes === false) return run;
      const first = expected.get(name) ?? digest;
      expected.set(name, first);
      if (digest !== first) throw new Error(`OTHER BYTES: ${digest}, not ${first}: ${command}`);
      return run;
    };
    /** @type {[Run, Run][]} */
    const pairs = [];
    for (let at = -1; at < runs; at++) {
      const one = async () => checked(own, names[0]);
      const two = async () => checked(against, names[1]);
      /** @type {[Run, Run]} */
      const pair = at % 2 ? [await one(), await two()] : flip([await two(), await one()]);
      if (at >= 0) pairs.push(pair);
    }
    return {
      value: median(pairs.map(([mine, peer]) => mine.seconds / peer.seconds)),
      cpu: median(pairs.map(([mine, peer]) => mine.cpu / Math.max(peer.cpu, 0.001))),
      peer: median(pairs.map(([, peer]) => peer.seconds)),
    };
  }

  async close() {
    await this.#reader.terminate();
  }

  /** @param {string} path @param {number} pause @returns {Promise<string>} empty if there are no bytes */
  #digest(path, pause) {
    this.#reader.postMessage({ path, pause });
    return new Promise((resolve) => this.#reader.once('message', resolve));
  }
}

/** @param {[Run, Run]} pair @returns {[Run, Run]} */
function flip([first, second]) {
  return [second, first];
}

/** The middle one. @param {number[]} values */
function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}
