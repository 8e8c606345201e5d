/** The single executable, without Node on the PATH and in an empty environment. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { create } from '../tar.js';
import { buildExecutables, executableOf } from './build.js';

const BINARY = executableOf('linux-x64');
const folder = mkdtempSync(join(tmpdir(), 'dockerception-binary-test-'));

beforeAll(() => {
  buildExecutables('linux-x64', 'linux-arm64');
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a script of the shell with the executable as `$D`, and nothing else but the tools of Debian without Node. */
async function shell(script: string): Promise<{ stdout: string; stderr: string }> {
  const env = { D: BINARY, PATH: join(folder, 'bin'), HOME: folder };
  const tools =
    'mkdir -p bin; for tool in env mkdir tar; do ln -sf "$(command -v "$tool")" bin; done';
  execFileSync('bash', ['-c', tools], { cwd: folder });
  const options = { cwd: folder, env, maxBuffer: 16 << 20 };
  return promisify(execFile)('/bin/bash', ['-e', '-o', 'pipefail', '-c', script], options);
}

describe('the single executable', () => {
  it('is a link of a pipe', async () => {
    const { stdout } = await shell(
      'mkdir -p c; echo FROM scratch > c/Dockerfile; tar -C c -c . | env -i "$D" filter --owner 5:6 | tar -tv --numeric-owner',
    );
    expect(stdout).toMatch(/ 5\/6 .*Dockerfile\n/);
  });

  it('builds, compresses and inspects an image, and writes its page', async () => {
    const content = Buffer.alloc(40 << 20, 'large ');
    await writeFile(
      join(folder, 'context.tar'),
      await create([
        { name: 'Dockerfile', content: 'FROM scratch\nCOPY . /\nCMD ["/large"]\n' },
        { name: 'large', content },
      ]),
    );
    const { stdout } = await shell(
      'env -i HOME="$HOME" "$D" -q --engine embedded -t app -o app.tar < context.tar; env -i "$D" inspect app.tar --list --html app.html',
    );
    expect(stdout).toMatch(/^sha256:[0-9a-f]{64}\n[^]*\/large/);
    expect(await readFile(join(folder, 'app.html'), 'utf8')).toContain('id="data"');
  });

  it('has the version and the help of the program', async () => {
    const { stdout } = await shell('env -i "$D" --version; env -i "$D" --help');
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n[^]*dockerception/);
  });

  it('links to itself as the plugin of docker', async () => {
    const { stdout } = await shell(
      '"$D" plugin install; P="$HOME/.docker/cli-plugins/docker-ception"; echo; env -i "$P" docker-cli-plugin-metadata; ' +
        'env -i DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND=docker "$P" -D ception --help; "$D" plugin uninstall',
    );
    expect(stdout).toMatch(
      /docker-ception is installed[^]*\n\{"SchemaVersion":"0\.1\.0"[^]*\nUsage: docker ception [^]*docker-ception is removed\n$/,
    );
  });

  it('is made for arm64, too', async () => {
    const executable = await readFile(BINARY.replace('x64', 'arm64'));
    // EM_AARCH64 (ELF, e_machine).
    expect(executable.readUInt16LE(18)).toBe(183);
    expect(executable.includes('NODE_SEA_BLOB')).toBe(true);
  });
});
