/** The candidates that all shells ask for. test/engines/cli/completion.test.ts has the shells. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPTIONS } from '../../../src/cli/arguments/flags.js';
import { complete } from '../../../src/cli/completion/complete.js';
import { commandOf, USAGE } from '../../../src/cli/help.js';
import { VERBS } from '../../../src/options/schema.js';

const BIN = fileURLToPath(new URL('../../../bin/dockerception.js', import.meta.url));

let folder: string;
let env: NodeJS.ProcessEnv;
const servers: { close(): unknown }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'completion-'));
  const images = createServer((_, response) => {
    const RepoTags = ['app:2', 'app:1', '<none>:<none>', 'host:5000/other:latest'];
    response.end(
      JSON.stringify([{ RepoTags }, { RepoTags: null }, { RepoTags: ['evil\u001b:1'] }]),
    );
  });
  for (const [server, name] of [
    [images, 'a.sock'],
    [createSocket(), 'silent.sock'],
  ] as const) {
    await new Promise<void>((resolve) => server.listen(join(folder, name), resolve));
    servers.push(server);
  }
  mkdirSync(join(folder, 'buildx/instances'), { recursive: true });
  writeFileSync(join(folder, 'buildx/instances/farm'), '{}');
  mkdirSync(join(folder, 'contexts/meta/1'), { recursive: true });
  writeFileSync(join(folder, 'contexts/meta/1/meta.json'), '{"Name":"far"}');
  env = { DOCKER_CONFIG: folder, DOCKER_HOST: `unix://${join(folder, 'a.sock')}` };
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

/** The kind of paths, then the candidates without their descriptions; `_` is the empty word. */
async function candidates(line: string): Promise<string[]> {
  const words = line.split(' ').map((word) => (word === '_' ? '' : word));
  const lines = (await complete(words, env)).trimEnd().split('\n');
  return lines.map((text) => text.replace(/\t.*/, ''));
}

describe('completion', () => {
  it.each([
    ['_', ['file', ...VERBS]],
    ['ins', ['file', 'inspect']],
    ['build _', ['file']],
    ['filter x _', ['none']],
    ['doctor _', ['none']],
    ['help f', ['none', 'filter']],
    ['completion _', ['none', 'bash', 'zsh', 'fish']],
    ['--eng', ['none', '--engine']],
    ['filter --eng', ['none']],
    ['--engine _', ['none', 'auto', 'docker', 'buildkit', 'embedded']],
    ['--engine=e', ['none', '--engine=embedded']],
    ['--engine docker _', ['file']],
    ['--progress r', ['none', 'rawjson']],
    ['--compression _', ['none', 'gzip', 'zstd', 'none']],
    ['--platform linux/arm/', ['none', 'linux/arm/v7', 'linux/arm/v6']],
    ['--call c', ['none', 'check']],
    ['--sbom _', ['none', 'true', 'false']],
    ['-f _', ['file']],
    ['--cache-dir _', ['folder']],
    ['--prefix _', ['none']],
    ['-o type=o', ['file', 'type=oci,dest=']],
    ['--builder _', ['none', 'farm', 'far']],
    ['-t _', ['none', 'app:1', 'app:2', 'host:5000/other:latest']],
    ['-qt app:', ['none', 'app:1', 'app:2']],
    ['-tapp _', ['file']],
    ['inspect app', ['file', 'app:1', 'app:2']],
    ['inspect --diff host', ['file', 'host:5000/other:latest']],
    ['--tag=app:2', ['none', '--tag=app:2']],
    ['--nothing _', ['file']],
    ['--nothing=_', ['none']],
    ['--from builder -- _', ['file']],
    ['-q --qui', ['none']],
    ['-t a --ta', ['none', '--tag', '--target']],
  ])('of %j is %j', async (line, expected) => {
    expect(await candidates(line)).toEqual(expected);
  });

  it.each(VERBS)('of %s has every option, with its description', async (verb) => {
    const lines = (await complete([verb, '--'], env)).trimEnd().split('\n').slice(1);
    const specs = OPTIONS.filter(({ verbs }) => verbs.includes(verb));
    expect(lines).toEqual(specs.map(({ name, help }) => `--${name}\t${help}`));
    expect(commandOf(verb)).toMatch(/^dockerception /);
    expect(USAGE[verb].summary).not.toBe('');
  });
});

describe('without an engine that answers', () => {
  it.each([
    ['unix:///no.sock'],
    ['silent.sock'],
    ['ssh://user@host.invalid'],
    ['tcp://127.0.0.1:1'],
    ['ftp://nowhere'],
  ])('there is nothing but files, soon: %s', async (host) => {
    const DOCKER_HOST = host === 'silent.sock' ? `unix://${join(folder, host)}` : host;
    const started = performance.now();
    const options = { env: { PATH: process.env['PATH'], DOCKER_HOST, DOCKER_CONFIG: folder } };
    const output = await new Promise((resolve) => {
      execFile(process.execPath, [BIN, '__complete', 'inspect', ''], options, (...all) =>
        resolve(all),
      );
    });
    expect(output).toEqual([null, 'file\n', '']);
    // Mostly the start of Node on a busy machine.
    expect(performance.now() - started).toBeLessThan(8_000);
  });
});
