/** `doctor`: what it says of an engine, of silence and of settings, and that it changes and betrays nothing. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { survey } from '../../../src/doctor/survey.js';

const BIN = fileURLToPath(new URL('../../../bin/dockerception.js', import.meta.url));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;
let servers: { close(): unknown }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  servers = [];
  mkdirSync(join(folder, 'bin'));
});
afterEach(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

/** Runs it with a home of its own, where `bin` is first on PATH. */
function doctor(env: Readonly<Record<string, string>> = {}, ...args: string[]): Promise<Outcome> {
  const PATH = [join(folder, 'bin'), process.env['PATH']].join(delimiter);
  const options = { env: { PATH, HOME: folder, ...env }, timeout: 60_000 };
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, 'doctor', ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function report(env: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  return JSON.parse((await doctor(env, '--json')).stdout) as Record<string, unknown>;
}

function write(path: string, content: unknown): string {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

function program(name: string, script: string): void {
  chmodSync(write(join('bin', name), `#!/bin/sh\n${script}\n`), 0o755);
}

/** A socket at which an engine answers. */
async function engine(name: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer((request, response) => {
    for (const [header, value] of Object.entries(headers)) response.setHeader(header, value);
    response.end(
      request.url === '/_ping' ? 'OK' : JSON.stringify({ Version: '28.5.2', ApiVersion: '1.51' }),
    );
  });
  return listen(server, name);
}

/** A socket at which nothing answers. */
const silence = (name: string): Promise<string> => listen(createSocket(), name);

async function listen(server: Server | ReturnType<typeof createSocket>, name: string) {
  servers.push(server);
  const path = join(folder, name);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  chmodSync(path, 0o640);
  return `unix://${path}`;
}

/** A docker context; its name is not in the name of its folder here. */
function context(name: string, host: string, id: string): void {
  const Endpoints = { docker: { Host: host } };
  write(`.docker/contexts/meta/${id}/meta.json`, { Name: name, Endpoints });
}

const FARM = '5ae5ae4e8e8a2b0d9ee2ff2b8d7d2b9f';

describe('an engine that answers', () => {
  it('is chosen, with its version, its builder, and the permissions of its socket', async () => {
    const host = await engine('a.sock', { 'Api-Version': '1.51', 'Builder-Version': '2' });
    const { code, stdout, stderr } = await doctor({ DOCKER_HOST: host });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split(/\s+/).join(' ')).toContain(` docker at ${host}: DOCKER_HOST names it. `);
    expect(stdout).toMatch(
      /^ {2}\* unix:\S+ \(DOCKER_HOST\)\n {6}Docker 28\.5\.2, API 1\.51, BuildKit; socket rw-r----- \S+:\S+$/m,
    );
  });

  it.each([
    ['Docker', 'classic builder', {}],
    ['Docker', 'BuildKit', { 'Builder-Version': '2' }],
    ['Podman', 'Buildah', { 'Libpod-Api-Version': '4.3.1' }],
  ])('is %s with %s by its headers', async (product, builder, headers) => {
    const { engines } = await report({ DOCKER_HOST: await engine('a.sock', headers) });
    expect(engines).toMatchObject([{ product, builder, version: '28.5.2', isDefault: true }]);
  });

  it('builds with the classic builder if BuildKit is switched off', async () => {
    const host = await engine('a.sock', { 'Builder-Version': '2' });
    const { engines } = await report({ DOCKER_HOST: host, DOCKER_BUILDKIT: '0' });
    expect(engines).toMatchObject([{ builder: 'classic builder' }]);
  });
});

describe('docker contexts', () => {
  it('are listed and asked, but for ssh', async () => {
    const host = await engine('a.sock', {});
    context('farm', `${host}`, FARM);
    context('far', 'ssh://user@far', 'other');
    const { engines, choice } = await report({ DOCKER_HOST: await engine('b.sock', {}) });
    const listed = engines as { origin: string; address?: string; product?: string }[];
    expect(listed.map(({ origin }) => origin)).toEqual([
      'DOCKER_HOST',
      'context far',
      'context farm',
    ]);
    expect(choice).toMatchObject({ engine: 'docker', why: 'DOCKER_HOST names it' });
  });
});

describe('nothing that answers', () => {
  it('is the embedded engine, and the error of an image with RUN', async () => {
    const none = join(folder, 'none.sock');
    const env = { HOME: folder, PATH: '' };
    const { choice } = await survey('auto', env, new AbortController().signal, none);
    expect(choice.engine).toBe('embedded');
    expect(choice.why).toMatch(/^no engine is named, and none answers/);
    expect(choice.error).toMatchObject({ kind: 'engine', code: 'ENGINE_UNREACHABLE' });
  });

  it.each([
    ['DOCKER_HOST', 'reaching the engine at unix:///no.sock (DOCKER_HOST): no such socket'],
    ['BUILDKIT_HOST', 'reaching BuildKit at unix:///no.sock (BUILDKIT_HOST): no such socket'],
  ])('is exit code 5 if %s names it', async (name, message) => {
    const { code, stdout, stderr } = await doctor({ [name]: 'unix:///no.sock' });
    expect(stdout.split(/\s+/).join(' ')).toMatch(
      /: DOCKER_HOST names it, but it does not answer\.|BUILDKIT_HOST names it, but/,
    );
    expect(stderr).toMatch(/^dockerception: [^\n]+\nhint: [^\n]+\n$/);
    expect(stderr).toContain(message);
    expect(code).toBe(5);
  });

  it.each(['DOCKER_HOST', 'BUILDKIT_HOST'])('is waited for a few seconds: %s', async (name) => {
    const started = performance.now();
    const { code, stderr } = await doctor({ [name]: await silence('a.sock') });
    expect(stderr).toMatch(/: no answer within 3 s$/m);
    expect(code).toBe(5);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('is no error of a build that needs none', async () => {
    const env = { DOCKERCEPTION_ENGINE: 'embedded', DOCKER_HOST: 'unix:///no.sock' };
    const { code, stdout, stderr } = await doctor(env);
    expect(stdout).toMatch(/uses embedded: DOCKERCEPTION_ENGINE is embedded\.$/m);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('an invalid setting', () => {
  it.each([
    [{ DOCKER_HOST: 'ftp://host' }, 5, 'the scheme ftp:// is unknown'],
    [{ DOCKER_CONTEXT: 'nowhere' }, 5, 'there is no such context'],
    [{ BUILDX_BUILDER: 'a/b' }, 2, 'it is neither an address nor a name'],
    [{ BUILDX_BUILDER: 'nowhere' }, 5, 'there is no such builder'],
    [{ DOCKERCEPTION_ENGINE: 'dcoker' }, 2, "there is no engine 'dcoker'"],
    [{ DOCKERCEPTION_ENGINE: 'buildkit' }, 2, 'the buildkit engine needs one'],
  ])('ends as a build does: %j', async (env, expected, message) => {
    const { code, stderr } = await doctor(env);
    expect(stderr).toMatch(/^dockerception: [^\n]+\nhint: [^\n]+\n$/);
    expect(stderr).toContain(message);
    expect(code).toBe(expected);
  });

  it('in config.json is reported with all the rest', async () => {
    write('.docker/config.json', '{');
    const { code, stdout, stderr } = await doctor();
    expect(stderr).toContain('config.json: it is not JSON');
    expect(stdout).toContain('A build with no options fails: reading ');
    expect(stdout).toContain('Programs:');
    expect(code).toBe(2);
  });
});

describe('builders of buildx', () => {
  const builder = (name: string): string =>
    write(`.docker/buildx/instances/${name}`, {
      Driver: 'docker-container',
      Nodes: [{ Endpoint: 'tcp://user:pa55word@farm:1' }],
    });

  it('are listed with their state, and the named one is chosen', async () => {
    builder('farm');
    program('docker', "printf 'Endpoint: farm\\nStatus:  inactive\\nBuildkit:  v0.12.5\\n'");
    const { builders, choice } = await report({ BUILDX_BUILDER: 'farm' });
    expect(builders).toEqual([
      {
        name: 'farm',
        isDefault: true,
        driver: 'docker-container',
        nodes: ['tcp://xxxxx@farm:1'],
        status: 'inactive',
        version: 'v0.12.5',
      },
    ]);
    expect(choice).toMatchObject({ engine: 'buildkit', name: 'farm' });
  });

  it.each([
    ['exit 1', /: docker exited|Command failed/],
    ['echo "ERROR: no builder found" >&2; exit 1', /: no builder found$/],
    ['sleep 60 & sleep 60', /: no answer within 3 s$/],
  ])('may fail or hang: %s', async (script, message) => {
    builder('farm');
    program('docker', script);
    const started = performance.now();
    const { code, stdout } = await doctor({ DOCKERCEPTION_ENGINE: 'embedded' }, '--json');
    const { builders } = JSON.parse(stdout) as { builders: { error: { message: string } }[] };
    expect(builders[0]?.error.message).toMatch(message);
    expect(code).toBe(0);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe('credentials', () => {
  it('are counted, not shown, and no helper is run', async () => {
    const auth = Buffer.from('alice:wonderland').toString('base64');
    write('.docker/config.json', {
      auths: { 'registry.example': { auth }, 'https://bob:builder1@old.example/v1/': { auth } },
      credsStore: 'present',
      credHelpers: { 'ghcr.io': 'absent', 'other.example': 'present' },
    });
    program('docker-credential-present', `touch ${join(folder, 'was-run')}`);
    const host = `tcp://alice:wonderland@127.0.0.1:1`;
    for (const args of [[], ['--json']]) {
      const { stdout, stderr } = await doctor({ DOCKER_HOST: host }, ...args);
      expect(stdout + stderr).not.toMatch(new RegExp(`wonderland|builder1|${auth}`));
      expect(stdout).toMatch(/registry\.example/);
    }
    const { credentials } = await report({});
    expect(credentials).toMatchObject({
      registries: ['registry.example', 'old.example'],
      helpers: [
        {
          name: 'docker-credential-present',
          path: join(folder, 'bin/docker-credential-present'),
          use: 'other.example, every other registry',
        },
        { name: 'docker-credential-absent', use: 'ghcr.io' },
      ],
    });
    expect(readdirSync(folder)).not.toContain('was-run');
  });
});

describe('the rest of the machine', () => {
  it('is the cache, and the programs on PATH', async () => {
    write('cache/dockerception/layers/a', 'a'.repeat(1000));
    write('cache/dockerception/blobs/sha256/b', 'b'.repeat(234));
    program('lz4', 'true');
    const env = { XDG_CACHE_HOME: join(folder, 'cache'), PATH: join(folder, 'bin') };
    const { cache, programs } = await report(env);
    expect(cache).toEqual({
      folder: join(folder, 'cache/dockerception'),
      isWritable: true,
      files: 2,
      bytes: 1234,
      isPartial: false,
    });
    const found = (programs as { name: string; path?: string }[]).filter(({ path }) => path);
    expect(found).toMatchObject([{ name: 'lz4', path: join(folder, 'bin/lz4') }]);
  });

  it('stays as it is', async () => {
    write('.docker/config.json', {});
    const before = readdirSync(folder, { recursive: true });
    await doctor({ DOCKER_HOST: 'unix:///no.sock' });
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
  });

  it('cannot control the terminal', async () => {
    const host = await engine('a.sock', { 'Api-Version': '1.51' });
    context('\u001b[31mred', host, FARM);
    const { stdout } = await doctor({ DOCKER_HOST: host });
    expect(stdout).not.toContain('\u001b');
  });
});
