import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { withFlags } from '../../src/cli/arguments/flags.js';
import { describe as say, exitCodeOf } from '../../src/cli/exit.js';
import { DockerceptionError, type ErrorKind } from '../../src/errors.js';
import { run } from '../support/process/cli.js';
import { member, tar } from '../support/write-tar.js';

describe('an exit code', () => {
  it.each<[ErrorKind, number]>([
    ['build', 1],
    ['output', 1],
    ['usage', 2],
    ['context', 3],
    ['builder', 4],
    ['engine', 5],
    ['limit', 6],
    ['interrupted', 130],
    ['terminated', 143],
  ])('is, for an error of kind %s, %d', (kind, code) => {
    expect(exitCodeOf(new DockerceptionError(kind, 'USAGE', 'doing something: why'))).toBe(code);
  });

  it('is 1 for what nobody expected', () => {
    expect(exitCodeOf(new TypeError('x'))).toBe(1);
  });
});

describe('an error', () => {
  it('is one line and a hint, whatever line breaks the engine put into it', () => {
    const error = new DockerceptionError('build', 'BUILD_FAILED', 'building: a\n  b\r\nc\n', {
      hint: 'do\nthis',
    });
    expect(say(error)).toBe('dockerception: building: a | b | c\nhint: do | this\n');
  });

  it.each([
    ['give numbers: `owner: 1000:1000`', 'give numbers: --owner 1000:1000'],
    ['drop `owner: keep`', 'drop --keep-owner'],
    ['`file: PATH` names another', '-f PATH names another'],
    ['`keep` keeps the container', '--keep-builder keeps the container'],
    ['`insecure: r.example` does without', '--insecure=r.example does without'],
    ["reading the option 'tags[1]': why", 'reading --tag: why'],
    ["reading the option 'compression.level': why", 'reading --compression-level: why'],
    ['`docker ps`, `toString` and `unknown: 1`', '`docker ps`, `toString` and `unknown: 1`'],
  ])('names the options of the library by their flags: %s', (text, shown) => {
    const error = new DockerceptionError('usage', 'USAGE', text, { hint: text });
    expect(say(error, withFlags)).toBe(`dockerception: ${shown}\nhint: ${shown}\n`);
  });

  it('has no hint where nothing is known', () => {
    expect(say(new Error('broken'))).toBe('dockerception: broken\n');
  });
});

/** Keeps the process alive when it has nothing left to do. */
const LINGER = `--import=data:text/javascript,${encodeURIComponent(
  `const timer = setInterval(() => {
    if (process.exitCode === undefined) return;
    clearInterval(timer);
    process.stderr.write('over');
    setTimeout(() => {}, 10_000);
  }, 1);`,
)}`;

const CONTEXT = Buffer.from(tar(member({ name: 'Dockerfile', body: 'FROM scratch\nCOPY . /\n' })));

describe('a signal after the work is done', () => {
  it.each([
    { name: 'a build', args: ['-q', '--engine', 'embedded', '-o', 'app.tar'], code: 0 },
    { name: 'filter', args: ['filter'], code: 0 },
    {
      name: 'a build that fails',
      args: ['-q', '--engine', 'embedded', '-o', 'app.tar', '-f', 'absent'],
      code: 3,
    },
  ])('of $name leaves its exit code, $code', async ({ args, code }) => {
    const ended = await run(args, {
      input: CONTEXT,
      env: { NODE_OPTIONS: LINGER },
      started: async (child) => {
        let text = '';
        while (!text.includes('over'))
          text += String((await once(child.stderr ?? child, 'data')) as unknown);
        child.kill('SIGINT');
      },
    });
    expect(ended).toMatchObject({ code, signal: null });
  });

  it('leaves its exit code while the process ends', async () => {
    for (let delay = 0; delay < 10; delay += 0.5) {
      const ended = await run(['-q', '--engine', 'embedded', '-o', 'app.tar'], {
        input: CONTEXT,
        started: async (child) => {
          await once(child.stdout ?? child, 'data');
          await sleep(delay);
          child.kill('SIGINT');
        },
      });
      expect(ended, `${delay} ms after the ID`).toMatchObject({ code: 0, signal: null });
    }
  });
});
