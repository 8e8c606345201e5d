/** A terminal at either end: refused where a tar is meant, a live display where a person looks. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../engines.js';
import { five, openShell, type Outcome, type Shell } from '../support.js';
import { create } from '../tar.js';

const exec = promisify(execFile);

/** Quotes for sh. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

describe.each(five.slice(2, 4))('on a terminal, with $name', (variant) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
    const Dockerfile = `FROM ${engines.base}\nCOPY data /data\nRUN echo live-$((6*7)); sleep 1\n`;
    await shell.file(
      'context.tar',
      await create([
        { name: 'Dockerfile', content: Dockerfile },
        { name: 'data', content: 'x'.repeat(300_000) },
      ]),
    );
    await shell.file(
      'broken.tar',
      (await create([{ name: 'Dockerfile', content: 'FROM scratch\n' }])).subarray(0, 900),
    );
  });
  afterAll(() => shell.close());

  /** Runs a script whose three streams are a terminal; what the terminal got is standard output, and `screen`. */
  const onTerminal = (script: string, env = {}): Promise<Outcome> =>
    shell.run(`script -qefc ${quoted(`stty cols 100 rows 30; ${script}`)} screen < /dev/null`, {
      env: { TERM: 'xterm', NO_COLOR: undefined, SHELL: '/bin/bash', ...env },
    });

  it('a context can’t be typed', async () => {
    const { code, stdout } = await onTerminal('dockerception -t app');
    expect(code).toBe(2);
    expect(stdout.toString()).toMatch(
      /reading standard input: it is a terminal\r?\nhint: pipe a tar/,
    );
  });

  it('a tar isn’t shown', async () => {
    const { code, stdout } = await onTerminal('dockerception filter < context.tar');
    expect(code).toBe(2);
    expect(stdout.toString()).toMatch(
      /writing standard output: it is a terminal\r?\nhint: pipe it/,
    );
    expect(stdout.includes(0)).toBe(false);
  });

  it('a build is shown live, and the cursor is there again', async () => {
    const { code, stdout } = await onTerminal(
      `dockerception --no-cache -t ${shell.name()} < context.tar`,
    );
    const text = stdout.toString();
    expect(code, text).toBe(0);
    expect(text).toContain('live-$((6*7))');
    expect(text).toMatch(/context.*kB/);
    expect(text).toMatch(/sha256:[0-9a-f]{64}\r?\n/);
    expect(text.lastIndexOf('\x1b[?25h')).toBeGreaterThanOrEqual(text.lastIndexOf('\x1b[?25l'));
    // It moves up to draw again: so it is live.

    expect(text).toMatch(/\x1b\[\d*A/);
  });

  it('NO_COLOR takes the colours away, and TERM=dumb all of it', async () => {
    const app = shell.name();
    const build = `dockerception --no-cache -t ${app} < context.tar`;
    const plain = (await onTerminal(build, { NO_COLOR: '1' })).stdout.toString();

    expect(plain).not.toMatch(/\x1b\[[0-9;]*m/);
    expect((await onTerminal(build, { TERM: 'dumb' })).stdout.toString()).not.toContain('\x1b');
  });

  it('an error leaves the cursor there, and stands on lines of its own', async () => {
    const { code, stdout } = await onTerminal('dockerception -t app < broken.tar');
    const text = stdout.toString();
    expect(code, text).toBe(3);
    expect(text).toMatch(/(?:^|\n|\r|\x1b\[\S+)dockerception: reading standard input: .*cut short/);
    expect(text.lastIndexOf('\x1b[?25h')).toBeGreaterThanOrEqual(text.lastIndexOf('\x1b[?25l'));
  });

  it('Ctrl-C ends it with 130, and the cursor is there again', async () => {
    await shell.file(
      'slow.tar',
      await create([
        {
          name: 'Dockerfile',
          content: `FROM ${engines.base}\nRUN echo begun-$((6*7)); sleep 20\n`,
        },
      ]),
    );
    const slow = `dockerception --no-cache -t ${shell.name()} < slow.tar &`;
    const { code, stdout } = await onTerminal(
      `set -m; ${slow} until grep -q begun-42 screen; do sleep 0.1; done; kill -INT $!; wait $!`,
    );
    const text = stdout.toString();
    expect(code, text).toBe(130);
    expect(text).toContain('dockerception: interrupted');
    expect(text.lastIndexOf('\x1b[?25h')).toBeGreaterThanOrEqual(text.lastIndexOf('\x1b[?25l'));
  });
});

it('script, which makes the terminals, is util-linux’s', async () => {
  expect((await exec('script', ['--version'])).stdout).toContain('util-linux');
});
