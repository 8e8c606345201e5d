/** A connection through a program, such as ssh: its standard input and output. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { countGarbage } from '../../compression/young-garbage.js';

/** Characters of the end of standard error that are kept. */
const MAX_ERRORS = 4096;
/** Milliseconds that a program has to end. */
const END_TIMEOUT = 2_000;

const running = new Set<ChildProcess>();

/** Sends a signal to the program, and to those that it has started, such as a plugin of docker. */
function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // All have ended.
  }
}

function killAll(): void {
  for (const child of running) kill(child, 'SIGKILL');
}

/**
 * Starts a program. If it fails, or ends without output, the stream is destroyed with an error that quotes its standard error.
 * Destroying the stream ends the program, and so does the end of this process.
 */
export function programStream(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Duplex {
  // In its own process group: an interrupt from the terminal must not end it before this process does.
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  if (running.size === 0) process.on('exit', killAll);
  running.add(child);
  let errors = '';
  let hasAnswered = false;
  let timer: NodeJS.Timeout | undefined;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-MAX_ERRORS);
  });
  const stream = new Duplex({
    writev(chunks, done) {
      const { stdin } = child;
      // After the program has closed its input, its output can still have an answer.
      if (stdin.destroyed) return done();
      // HTTP/2 writes the head of each frame by itself.
      stdin.cork();
      for (const { chunk } of chunks as { chunk: Buffer }[]) {
        countGarbage(chunk.length);
        stdin.write(chunk);
      }
      stdin.uncork();
      if (stdin.writableNeedDrain) onceFree(done);
      else done();
    },
    final(done) {
      if (!child.stdin.destroyed) child.stdin.end();
      done();
    },
    read() {
      child.stdout.resume();
    },
    destroy(error, done) {
      if (running.has(child)) {
        kill(child, 'SIGTERM');
        timer = setTimeout(() => kill(child, 'SIGKILL'), END_TIMEOUT);
        // Otherwise output that is not read would keep it from closing.
        for (const pipe of child.stdio) pipe?.destroy();
      }
      done(error);
    },
  });
  const onceFree = (done: () => void): void => {
    const settle = (): void => {
      child.stdin.off('drain', settle).off('close', settle);
      done();
    };
    child.stdin.on('drain', settle).on('close', settle);
  };
  child.stdin.on('error', () => {});
  child.stdout.on('error', (error) => stream.destroy(error));
  child.stdout.on('data', (chunk: Buffer) => {
    hasAnswered = true;
    if (!stream.push(chunk)) child.stdout.pause();
  });
  child.on('error', (error) => stream.destroy(error));
  child.on('close', (code, signal) => {
    clearTimeout(timer);
    running.delete(child);
    if (running.size === 0) process.off('exit', killAll);
    // What it has started may still run.
    if (stream.destroyed) kill(child, 'SIGKILL');
    else if (code === 0 && hasAnswered) stream.push(null);
    else {
      const reason = errors.trim().split('\n').slice(-3).join(' / ');
      const why = `${program} ended with ${code ?? signal}: ${reason || 'it said nothing'}`;
      stream.destroy(new Error(why));
    }
  });
  return stream;
}
