import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../../bin/dockerception.js', import.meta.url));
const MAIN = new URL('../../../dist/bin/main.js', import.meta.url).href;

describe('an error that nothing expects', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'dockerception-few-'));
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const expectClear = (stderr: string): void => {
    if (stderr === '') return;
    if (stderr.includes('EMFILE')) expect(stderr).toContain('ulimit -n');
    expect(stderr).toMatch(/^dockerception: [^\n]+\n(?:hint: [^\n]+\n)?$/);
    expect(stderr).not.toMatch(/^ +at /m);
  };

  const run = (limit: number, args: readonly string[]): { status: number | null; stderr: string } =>
    spawnSync(
      'bash',
      [
        '-o',
        'pipefail',
        '-c',
        `ulimit -c 0 -n ${limit}; "$0" "$@" | cat > /dev/null`,
        process.execPath,
        BIN,
        ...args,
      ],
      { cwd: folder, env: { ...process.env, TMPDIR: folder }, encoding: 'utf8' },
    );

  it('is one line, however few files a process may open', () => {
    // Versions of Node need different numbers of files for themselves.
    let least = 16;
    while (run(least, ['--version']).status !== 0) least++;
    const failed = [0, 1, 2, 4, 8, 16, 100].map((more) => {
      const limit = least + more;
      for (const args of [['filter', '.'], ['inspect', '.'], ['--nope']])
        expectClear(run(limit, args).stderr);
      const { stderr } = run(limit, ['--engine', 'embedded', '-q', '-o', 'app.tar', '.']);
      expectClear(stderr);
      return stderr.includes('EMFILE');
    });
    expect(failed[0]).toBe(true);
    expect(failed.at(-1)).toBe(false);
  });

  it.each(['throw new Error("one\\ntwo")', 'Promise.reject(new Error("one\\ntwo"))'])(
    'is one line and exit code 1: %s',
    (statement) => {
      const script = `import { main } from '${MAIN}'; await main(['--version']); ${statement}; setTimeout(() => {}, 1000)`;
      const { status, stderr } = spawnSync(
        process.execPath,
        ['--input-type=module', '-e', script],
        {
          encoding: 'utf8',
        },
      );
      expect([status, stderr]).toEqual([1, 'dockerception: one | two\n']);
    },
  );
});

describe('standard input that nothing is connected to', () => {
  it.each(['< /dev/null', '<&-'])('is told apart from an empty stream: %s', (redirection) => {
    for (const args of ['filter', '--engine embedded -o app.tar', 'inspect -']) {
      const script = `"$0" "$1" ${args} ${redirection} | cat > /dev/null`;
      const { stderr } = spawnSync('sh', ['-c', script, process.execPath, BIN], {
        encoding: 'utf8',
      });
      expect(stderr).toMatch(
        /^dockerception: reading standard input: it is \/dev\/null, .*\nhint: .*`docker run` needs -i\n$/,
      );
    }
    const empty = spawnSync(process.execPath, [BIN, 'filter'], { input: '', encoding: 'utf8' });
    expect([empty.status, empty.stderr]).toEqual([3, expect.not.stringContaining('/dev/null')]);
  });
});
