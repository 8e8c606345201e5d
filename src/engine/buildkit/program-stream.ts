/** A connection through a program, such as ssh: its standard input and output. */
import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';

/** Characters of the end of standard error that are kept. */
const MAX_ERRORS = 4096;

/**
 * Starts a program. If it ends early, the stream is destroyed with an error that quotes its standard error. Destroying the
 * stream ends the program.
 */
export function programStream(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Duplex {
  // In its own process group: an interrupt from the terminal must not end it before this process does.
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-MAX_ERRORS);
  });
  const stream = new Duplex({
    write(chunk: Buffer, _encoding, done) {
      // After the program has closed its input, its output can still have an answer.
      if (child.stdin.destroyed || child.stdin.write(chunk)) done();
      else onceFree(done);
    },
    final(done) {
      if (!child.stdin.destroyed) child.stdin.end();
      done();
    },
    read() {
      child.stdout.resume();
    },
    destroy(error, done) {
      child.kill();
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
    if (!stream.push(chunk)) child.stdout.pause();
  });
  child.on('error', (error) => stream.destroy(error));
  child.on('close', (code, signal) => {
    if (stream.destroyed) return;
    if (code === 0) stream.push(null);
    else {
      const reason = errors.trim().split('\n').slice(-3).join(' / ');
      const why = `${program} ended with ${code ?? signal}: ${reason || 'it said nothing'}`;
      stream.destroy(new Error(why));
    }
  });
  return stream;
}
