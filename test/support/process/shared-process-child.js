/**
 * The process of shared-process.ts: it loads the command line once and runs one command after the other on
 * descriptors 0, 1 and 2, which it opens anew for each.
 */
import fs from 'node:fs';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { main } from '../../../dist/bin/main.js';

/** @typedef {import('./shared-process.js').Command} Command */

/**
 * What keeps this process alive between commands: its channel to the parent, and what loading the command line opened.
 * @type {Map<string, number> | undefined}
 */
let idle;

/**
 * Gives a descriptor another file: POSIX opens the lowest free one.
 * @param {number} descriptor
 * @param {string} path
 * @param {number} flags
 */
function reopen(descriptor, path, flags) {
  fs.closeSync(descriptor);
  const opened = fs.openSync(path, flags, 0o600);
  if (opened !== descriptor) throw new Error(`${path} is open as ${opened}, not as ${descriptor}`);
}

/**
 * A standard stream of a new process; what it still has to write keeps the process, the stream does not.
 * @param {number} descriptor
 */
function streamOn(descriptor) {
  if (fs.fstatSync(descriptor).isFIFO())
    return new Socket({ fd: descriptor, readable: false, writable: true }).unref();
  return new Writable({
    write(/** @type {Buffer} */ chunk, _encoding, done) {
      fs.writeSync(descriptor, chunk);
      done();
    },
  });
}

function countResources() {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const name of process.getActiveResourcesInfo())
    counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Resolves when nothing is left that would keep a process of the command alone from exiting. */
async function settled() {
  for (;;) {
    if ([...countResources()].every(([name, count]) => count <= (idle?.get(name) ?? 0))) return;
    await wait(1);
  }
}

/** @param {Command} command */
async function execute({ args, cwd, env, stdin, stdout, stderr }) {
  idle ??= countResources();
  const { O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC } = fs.constants;
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(cwd);
  reopen(0, stdin, O_RDONLY);
  reopen(1, stdout, O_WRONLY);
  reopen(2, stderr, O_WRONLY | O_CREAT | O_TRUNC);
  process.send?.('opened');
  for (const [name, descriptor] of /** @type {const} */ ([
    ['stdout', 1],
    ['stderr', 2],
  ])) {
    /** @type {Writable | undefined} */
    let stream;
    Object.defineProperty(process, name, {
      configurable: true,
      get: () => (stream ??= streamOn(descriptor)),
    });
  }
  const code = await main(args);
  await settled();
  // Temporary files are removed on exit.
  process.emit('exit', code);
  for (const name of ['exit', 'uncaughtException', 'SIGINT', 'SIGTERM', 'SIGHUP'])
    process.removeAllListeners(name);
  reopen(0, '/dev/null', O_RDONLY);
  for (const descriptor of [1, 2]) reopen(descriptor, '/dev/null', O_WRONLY);
  process.send?.({ code });
}

process.on('message', (command) => void execute(/** @type {Command} */ (command)));
