/** A terminal at either end: refused where a tar is meant, a live display where a person looks. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

  describe('with a builder', () => {
    /** A builder whose Dockerfile, and that of the image that it sends, run these commands. */
    const builder = async (name: string, own: string, sent: string): Promise<void> => {
      const from = `FROM ${engines.base}\nRUN echo`;
      const files = {
        'context/data': 'x',
        Dockerfile: `${from} builder; ${own}\nCOPY context /c\nCMD ["tar","-C","/c","-c","."]\n`,
        'context/Dockerfile': `${from} image; ${sent}\nCOPY data /data\n`,
      };
      await mkdir(join(shell.folder, name, 'context'), { recursive: true });
      for (const [path, text] of Object.entries(files))
        await writeFile(join(shell.folder, name, path), text);
    };
    beforeAll(async () => {
      await builder('good', 'sleep 1', 'sleep 1');
      await builder('bad', 'exit 3', 'true');
      await builder('sends-bad', 'true', 'exit 4');
    });
    const build = (from: string): string =>
      `dockerception --no-cache --from ${from} -t ${shell.name()}`;

    it('each step and each context has the name of its part', async () => {
      const app = build('good');
      const { code, stdout } = await onTerminal(app, { NO_COLOR: '1' });
      const live = stdout.toString();
      expect(code, live).toBe(0);
      for (const part of ['builder', 'image']) {
        expect(live).toMatch(new RegExp(` => \\[${part} 2/\\d\\] RUN echo ${part}; sleep 1`));
        expect(live).toMatch(new RegExp(`\\[${part}\\] context: `));
      }
      const plain = await shell.run(`${app} --progress plain`);
      expect(plain.code, plain.stderr).toBe(0);
      const steps = plain.stderr.match(/^(?:#\d+ (?=\[)|(?=.*context: )).*/gm) ?? [];
      expect(steps.length).toBeGreaterThan(6);
      for (const step of steps) expect(step).toMatch(/^(?:#\d+ )?\[(?:builder|image)[ \]]/);
      const parts = steps.map((step) => (step.includes('[builder') ? 'builder' : 'image'));
      expect(parts.lastIndexOf('builder')).toBeLessThan(parts.indexOf('image'));
    });

    it('each of several builders has a number', async () => {
      await mkdir(join(shell.folder, 'second'));
      const Dockerfile = `FROM ${engines.base}\nCOPY data /d/\nCMD ["tar","-C","/d","-c","."]\n`;
      await shell.file('second/Dockerfile', Dockerfile);
      const filter = 'dockerception filter --allow-no-dockerfile';
      const { code, stderr } = await shell.run(`${filter} --from good --from second | tar -t`);
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/^#\d+ \[builder-1 2\/\d\] RUN echo builder/m);
      expect(stderr).toMatch(/^#\d+ \[builder-2 2\/\d\] COPY data/m);
    });

    it.each([
      ['bad', 'builder', 3, 'building the builder bad: '],
      ['sends-bad', 'image', 4, 'building the image: '],
    ])('the failed step of %s is one of the %s', async (from, part, status, message) => {
      const { code, stdout } = await onTerminal(build(from), { NO_COLOR: '1' });
      const live = stdout.toString();
      expect(code, live).toBe(1);
      const step = `\\[${part} 2/\\d\\] RUN echo ${part}; exit ${status}`;
      expect(live).toMatch(new RegExp(` => ERROR ${step}`));
      expect(live).toMatch(new RegExp(`^dockerception: ${message}.*exit.* ${status}`, 'm'));
      const plain = await shell.run(`${build(from)} --progress plain`);
      expect(plain.stderr).toMatch(new RegExp(`^#(\\d+) ${step}\n[^]*^#\\1 ERROR: `, 'm'));
    });
  });
});

it('script, which makes the terminals, is util-linux’s', async () => {
  expect((await exec('script', ['--version'])).stdout).toContain('util-linux');
});
