import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/dockerception.js', import.meta.url));

/** Runs a shell script in which `$TOOL` is the command line. */
function shell(script: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, TOOL: `${process.execPath} ${BIN}` };
  return new Promise((resolve) => {
    execFile('bash', ['-o', 'pipefail', '-c', script], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('text on standard output', () => {
  it.each(['--help', '--version', 'filter --help'])('of %s comes whole', async (args) => {
    const { code, stdout } = await shell(`$TOOL ${args} | cat`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n$/);
  });

  it.each(['--help', '--version'])('of %s on a full disk is one line', async (args) => {
    const { code, stderr } = await shell(`$TOOL ${args} > /dev/full`);
    expect(stderr).toBe('dockerception: writing standard output: no space is left\n');
    expect(code).toBe(1);
  });

  it('of --help that nobody reads is one line and a hint', async () => {
    const { code, stderr } = await shell('$TOOL --help | exec <&-');
    expect(stderr).toMatch(
      /^dockerception: writing standard output: its reader has gone\nhint: .*\n$/,
    );
    expect(code).toBe(1);
  });
});

describe.each(['-', 'type=tar,dest=-'])('an image on standard output with -o %s', (dest) => {
  const context =
    "{ d=$(mktemp -d); printf 'FROM scratch\\nCOPY a /\\n' > $d/Dockerfile; head -c 1000000 /dev/urandom > $d/a; tar -C $d -c .; rm -r $d; }";
  const build = `${context} | $TOOL -q --engine embedded -o ${dest}`;

  it('on a full disk is one line', async () => {
    const { code, stderr } = await shell(`${build} > /dev/full`);
    expect(stderr).toBe('dockerception: writing standard output: no space is left\n');
    expect(code).toBe(1);
  });

  it('whose reader ends early is one line and a hint', async () => {
    const { code, stderr } = await shell(`${build} | head -c 1 > /dev/null`);
    expect(stderr).toMatch(
      /^dockerception: writing standard output: its reader has gone\nhint: .*\n$/,
    );
    expect(code).toBe(1);
  });
});

it('an error that nobody reads still has its exit code', async () => {
  expect((await shell('$TOOL --bogus 2> /dev/full')).code).toBe(2);
  expect((await shell('$TOOL --bogus 2>&1 >/dev/null | exec <&-')).code).toBe(2);
  expect((await shell('$TOOL --bogus 2>&-')).code).toBe(2);
});
