/** Runs the real command line as a process of its own, on the build in dist/. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../../bin/dockerception.js', import.meta.url));

/** Nothing here takes so long: what does hangs. Milliseconds. */
export const LIMIT = 15_000;

export interface RunOptions {
  /** Standard input; nothing when it is left out. */
  readonly input?: Buffer;
  /** Leaves standard input open behind the input, as a builder that has fallen silent. */
  readonly idle?: boolean;
  /** A file descriptor for standard output, in place of a pipe. */
  readonly stdout?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called with the process when it has started. */
  readonly started?: (child: ChildProcess) => void | Promise<void>;
  /** Reads nothing from standard output. */
  readonly stalled?: boolean;
}

export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** What is left in the folder for temporary files. */
  readonly leftovers: readonly string[];
  /** Whether all of the input was taken. */
  readonly drained: boolean;
}

/**
 * Resolves when a process handles signals and waits for something: until it has started, a signal ends it as
 * any other process. Rejects when the process has ended.
 */
export async function waiting(pid: number | undefined): Promise<void> {
  const SIGINT = 1n << 1n;
  let before: string | undefined;
  for (;;) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const [, caught = '0'] = /^SigCgt:\t(.*)$/m.exec(status) ?? [];
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'),
    );
    const isAsleep = threads.every((text) => text.includes('\nState:\tS'));
    const now =
      isAsleep && (BigInt(`0x${caught}`) & SIGINT) !== 0n
        ? threads.map((text) => text.slice(text.indexOf('\nvoluntary_ctxt_switches'))).join()
        : undefined;
    // No thread has run since the last time.
    if (now !== undefined && now === before) return;
    before = now;
    await delay(20);
  }
}

/** An environment that has nothing of whoever runs the tests but the way to the programs. */
export function cleanEnvironment(temporary: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: temporary, TMPDIR: temporary };
}

/** Runs `dockerception` with these arguments. Rejects when it hangs. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const temporary = mkdtempSync(path.join(tmpdir(), 'dockerception-test-'));
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: options.cwd ?? temporary,
    env: { ...cleanEnvironment(temporary), ...options.env },
    stdio: [options.input || options.idle ? 'pipe' : 'ignore', options.stdout ?? 'pipe', 'pipe'],
  });
  try {
    return await finish(child, options, temporary);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function finish(child: ChildProcess, options: RunOptions, temporary: string): Promise<Run> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let drained = true;
  if (options.stalled !== true) child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin?.on('error', () => (drained = false));
  if (options.input !== undefined) child.stdin?.write(options.input);
  if (options.idle !== true) child.stdin?.end();
  return new Promise((resolve, reject) => {
    void options.started?.(child)?.catch(reject);
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      const said = Buffer.concat(stderr).toString();
      reject(new Error(`it hangs; standard error: ${said || 'nothing'}`));
    }, LIMIT);
    child.on('error', reject);
    child.on(options.stalled === true ? 'exit' : 'close', (code, signal) => {
      clearTimeout(timer);
      child.stdout?.destroy();
      child.stdin?.destroy();
      resolve({
        code: code as number | null,
        signal: signal as NodeJS.Signals | null,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString(),
        leftovers: existsSync(temporary) ? readdirSync(temporary) : [],
        drained,
      });
    });
  });
}

export interface Piped {
  /** The tool's exit code; 128 and more is a signal, as the shell has it. */
  readonly code: number;
  readonly stderr: string;
}

/**
 * Runs it in the middle of `producer | dockerception … | consumer`, on pipes made by a shell; the
 * others are shell commands. `running` gets the tool's process id.
 */
export async function pipeline(
  producer: string,
  args: readonly string[],
  consumer: string,
  running?: (pid: number) => Promise<void>,
): Promise<Piped> {
  const temporary = mkdtempSync(path.join(tmpdir(), 'dockerception-test-'));
  const script = `{ ${producer}; } | { sh -c 'echo $$ >&3; exec "$@"' sh "$@" 2>&5; echo $? >&4; } | { ${consumer}; }`;
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, BIN, ...args], {
    cwd: temporary,
    env: cleanEnvironment(temporary),
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const [pid, code, stderr] = [3, 4, 5].map((fd) => child.stdio[fd] as NodeJS.ReadableStream);
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`it hangs; it said: ${said}`)), LIMIT);
      let said = '';
      stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      pid?.once('data', (chunk: Buffer) => {
        void running?.(Number(chunk.toString())).catch(reject);
      });
      code?.once('data', (chunk: Buffer) => {
        clearTimeout(timer);
        setTimeout(() => resolve({ code: Number(chunk.toString()), stderr: said }), 50);
      });
    });
  } finally {
    if (child.pid !== undefined) endGroup(child.pid);
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Ends the producer and the consumer, which may sleep on. */
function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // All of them have ended by themselves.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
