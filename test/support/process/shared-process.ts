/**
 * Runs commands whose result alone counts in one process that has loaded the command line, with pipes for
 * standard input and output: to start a process takes twenty times as long as the commands of most tests.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import fs from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { cleanEnvironment, LIMIT, type Run, type RunOptions } from './cli.js';

const CHILD = fileURLToPath(new URL('shared-process-child.js', import.meta.url));

/** What the process gets for each command; the last three are paths. */
export interface Command {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SharedOptions extends Pick<RunOptions, 'input' | 'stdout' | 'env' | 'cwd'> {
  /** A file for standard input, in place of a pipe with `input`. */
  readonly stdin?: string;
}

/** A function as `run`, for the tests of this file or `describe`; it runs one command at a time. */
export function useSharedProcess(): (
  args: readonly string[],
  options?: SharedOptions,
) => Promise<Run> {
  let shared: SharedProcess;
  let last: Promise<unknown> = Promise.resolve();
  beforeAll(() => {
    shared = new SharedProcess();
  });
  afterAll(() => shared.close());
  return (args, options = {}) => {
    const running = last.then(() => shared.run(args, options));
    last = running.catch(() => undefined);
    return running;
  };
}

class SharedProcess {
  readonly #folder = fs.mkdtempSync(path.join(tmpdir(), 'dockerception-shared-'));
  readonly #stdin = path.join(this.#folder, 'stdin');
  readonly #stdout = path.join(this.#folder, 'stdout');
  #child: ChildProcess | undefined;

  constructor() {
    execFileSync('mkfifo', [this.#stdin, this.#stdout]);
  }

  close(): void {
    this.#child?.kill('SIGKILL');
    fs.rmSync(this.#folder, { recursive: true });
  }

  async run(args: readonly string[], options: SharedOptions): Promise<Run> {
    const temporary = fs.mkdtempSync(path.join(tmpdir(), 'dockerception-test-'));
    try {
      return await this.#execute(args, options, temporary);
    } finally {
      fs.rmSync(temporary, { recursive: true, force: true });
    }
  }

  async #execute(
    args: readonly string[],
    { input, stdin = '/dev/null', stdout, env, cwd }: SharedOptions,
    temporary: string,
  ): Promise<Run> {
    const child = (this.#child ??= this.#start());
    const stderr = path.join(this.#folder, 'stderr');
    const writer = input && new Writer(this.#stdin, input);
    const reader = stdout === undefined ? new Reader(this.#stdout) : undefined;
    const ended = this.#ended(child, () => writer?.start());
    child.send({
      args,
      cwd: cwd ?? temporary,
      env: { ...cleanEnvironment(temporary), ...env },
      stdin: input === undefined ? stdin : this.#stdin,
      stdout: stdout === undefined ? this.#stdout : `/proc/${process.pid}/fd/${stdout}`,
      stderr,
    } satisfies Command);
    try {
      const code = await ended;
      return {
        code,
        signal: null,
        stdout: reader === undefined ? Buffer.alloc(0) : await reader.end,
        stderr: fs.readFileSync(stderr, 'utf8'),
        leftovers: fs.existsSync(temporary) ? fs.readdirSync(temporary) : [],
        drained: writer === undefined || (await writer.isDrained),
      };
    } finally {
      writer?.close();
      reader?.close();
    }
  }

  #start(): ChildProcess {
    const child = fork(CHILD, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
    child.on('exit', () => (this.#child = undefined));
    return child;
  }

  /** The exit code of the command that is sent next. */
  #ended(child: ChildProcess, opened: () => void): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        const stderr = fs.readFileSync(path.join(this.#folder, 'stderr'), 'utf8');
        settle(() => reject(new Error(`it hangs; standard error: ${stderr || 'nothing'}`)));
      }, LIMIT);
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        child.off('message', heard).off('exit', exited).off('error', failed);
        act();
      };
      const heard = (message: unknown): void => {
        if (message === 'opened') return opened();
        settle(() => resolve((message as { readonly code: number }).code));
      };
      const failed = (error: Error): void => settle(() => reject(error));
      const exited = (code: number | null, signal: NodeJS.Signals | null): void => {
        if (code === null) failed(new Error(`the shared process was ended by ${signal}`));
        else settle(() => resolve(code));
      };
      child.on('message', heard).on('exit', exited).on('error', failed);
    });
  }
}

/** Writes the input into a pipe once its reader has opened it. */
class Writer {
  /** Keeps the pipe open until then. */
  #both: number | undefined;
  readonly #socket: Socket;
  readonly isDrained: Promise<boolean>;

  constructor(
    fifo: string,
    readonly input: Buffer,
  ) {
    const { O_RDWR, O_WRONLY, O_NONBLOCK } = fs.constants;
    this.#both = fs.openSync(fifo, O_RDWR | O_NONBLOCK);
    const fd = fs.openSync(fifo, O_WRONLY | O_NONBLOCK);
    this.#socket = new Socket({ fd, readable: false, writable: true });
    this.isDrained = new Promise((resolve) => {
      this.#socket.on('error', () => resolve(false)).on('finish', () => resolve(true));
    });
  }

  start(): void {
    this.#release();
    this.#socket.end(this.input);
  }

  close(): void {
    this.#release();
    this.#socket.destroy();
  }

  #release(): void {
    if (this.#both !== undefined) fs.closeSync(this.#both);
    this.#both = undefined;
  }
}

/** Reads a pipe to its end, which comes when every writer has closed it. */
class Reader {
  readonly #socket: Socket;
  readonly end: Promise<Buffer>;

  constructor(fifo: string) {
    const { O_RDONLY, O_NONBLOCK } = fs.constants;
    const fd = fs.openSync(fifo, O_RDONLY | O_NONBLOCK);
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.end = this.#socket.toArray().then((parts) => Buffer.concat(parts as Buffer[]));
    this.end.catch(() => undefined);
  }

  close(): void {
    this.#socket.destroy();
  }
}
