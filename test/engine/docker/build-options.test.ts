import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  buildQuery,
  checkOutputs,
  chooseBackend,
} from '../../../src/engine/docker/build-options.js';
import type { Ping } from '../../../src/engine/docker/connection.js';
import { registryAuth, registryConfig } from '../../../src/engine/docker/registry.js';
import type { EngineRequest } from '../../../src/engine/engine.js';
import { credentialStore } from '../../../src/image/credentials/credentials.js';
import { fullName, splitTag } from '../../../src/image/reference.js';
import type { Output } from '../../../src/options/image.js';
import { engineOptions } from '../../support/engine-options.js';

const plain = engineOptions();

const ping: Ping = { apiVersion: '1.51', builderVersion: '2', isPodman: false };

describe('the query of a build', () => {
  const query = (
    change: Partial<EngineRequest>,
    builder: 'classic' | 'podman' = 'classic',
  ): string =>
    decodeURIComponent(buildQuery({ ...plain, ...change }, builder)).replaceAll('+', ' ');

  it('contains only the clean-up without options', () => {
    expect(query({})).toBe('dockerfile=Dockerfile&rm=1&forcerm=1&version=1');
    expect(query({}, 'podman')).toBe('dockerfile=Dockerfile&rm=1&forcerm=1');
  });

  it('contains every option by its name in the Engine API', () => {
    const all = query({
      tags: ['a:1.10', 'b'],
      buildArgs: { A: '1' },
      labels: { l: 'x y' },
      target: 't',
      platforms: ['Linux/ARM64'],
      noCache: true,
      pull: true,
      network: 'none',
      addHosts: ['a:1.2.3.4', 'b=::1', 'c=[::2]'],
    });
    for (const part of [
      'buildargs={"A":"1"}',
      'labels={"l":"x y"}',
      'target=t',
      'platform=linux/arm64',
      'nocache=1',
      'pull=1',
      'networkmode=none',
      'extrahosts=a:1.2.3.4&extrahosts=b:::1&extrahosts=c:::2',
    ])
      expect(all).toContain(part);
    // The name comes last.
    expect(all).not.toMatch(/(^|&)t=/);
  });

  it('disables the cache of Podman, which ignores arguments', () => {
    const [, uncached] = /(nocache.*?)&rm=/.exec(query({ buildArgs: { A: '1' } }, 'podman')) ?? [];
    expect(uncached).toBe('nocache=1&layers=0');
    expect(query({ buildArgs: { A: '1' } })).not.toMatch(/nocache|layers/);
    expect(query({ noCache: true }, 'podman')).not.toContain('layers');
  });

  it('contains hosts as JSON for Podman, which otherwise answers 400', () => {
    expect(query({ addHosts: ['a:1.2.3.4', 'b:::1'] }, 'podman')).toContain(
      'extrahosts=["a:1.2.3.4","b:::1"]',
    );
  });

  it.each<[Partial<EngineRequest>, 'classic' | 'podman', string]>([
    [{ network: 'none' }, 'podman', 'NETWORK'],
  ])('is refused for %j with %s', (change, builder, code) => {
    expect(() => query(change, builder)).toThrow(
      expect.objectContaining({ kind: 'usage', code, hint: expect.any(String) as string }) as Error,
    );
  });
});

describe('the builder', () => {
  it.each<[string | undefined, Partial<Ping>, string]>([
    [undefined, {}, 'buildkit'],
    ['', {}, 'buildkit'],
    [undefined, { builderVersion: undefined }, 'classic'],
    [undefined, { builderVersion: '1' }, 'classic'],
    ['0', {}, 'classic'],
    ['false', {}, 'classic'],
    ['1', { builderVersion: undefined }, 'buildkit'],
    ['True', { builderVersion: '1' }, 'buildkit'],
    ['1', { isPodman: true }, 'podman'],
    ['nonsense', { isPodman: true }, 'podman'],
  ])('with DOCKER_BUILDKIT=%s and a ping of %j is %s', (wish, change, builder) => {
    expect(chooseBackend({ DOCKER_BUILDKIT: wish }, { ...ping, ...change })).toBe(builder);
  });

  it('is an error for a value that is no boolean', () => {
    expect(() => chooseBackend({ DOCKER_BUILDKIT: 'yes' }, ping)).toThrow(/neither true nor false/);
  });
});

describe('credentials for an engine', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const decode = (header: string | undefined): unknown => {
    // Whatever isn't of the URL-safe alphabet, an engine takes for no credentials at all.
    expect(header).toMatch(/^[\w-]+={0,2}$/);
    expect((header ?? '').length % 4).toBe(0);
    return JSON.parse(Buffer.from(header ?? '', 'base64url').toString('utf8'));
  };
  const auth = Buffer.from('me:pw').toString('base64');

  it('are those of one registry for a push, in the URL-safe alphabet', () => {
    const credential = {
      username: 'u',
      password: '>>>???ü~~~',
      identityToken: '',
      registryToken: '',
    };
    expect(decode(registryAuth('r.example', credential))).toEqual({
      username: 'u',
      password: '>>>???ü~~~',
      serveraddress: 'r.example',
    });
    expect(decode(registryAuth('r.example', undefined))).toEqual({});
    expect(decode(registryAuth('docker.io', { ...credential, identityToken: 'it' }))).toMatchObject(
      {
        serveraddress: 'https://index.docker.io/v1/',
        identitytoken: 'it',
      },
    );
  });

  it('are all for the classic builder', async () => {
    const auths = {
      'https://index.docker.io/v1/': { auth },
      'a.example': { auth },
      'https://b.example/v1/': { auth },
      'empty.example': {},
    };
    await writeFile(join(folder, 'config.json'), JSON.stringify({ auths }));
    const store = credentialStore({ DOCKER_CONFIG: folder });
    const all = decode(await registryConfig(store, () => {}));
    expect(Object.keys(all as object)).toEqual([
      'https://index.docker.io/v1/',
      'a.example',
      'b.example',
    ]);
  });

  it('of a helper that fails are left out with a word, as its registry may not be needed', async () => {
    const config = { auths: { 'a.example': { auth } }, credHelpers: { 'b.example': 'gone' } };
    await writeFile(join(folder, 'config.json'), JSON.stringify(config));
    const warnings: string[] = [];
    const store = credentialStore({ DOCKER_CONFIG: folder, PATH: folder });
    const header = await registryConfig(store, (message) => warnings.push(message));
    expect(Object.keys(decode(header) as object)).toEqual(['a.example']);
    expect(warnings).toEqual([
      'asking docker-credential-gone for the credentials of b.example: no such program on PATH',
    ]);
  });
});

describe('the outputs of an engine', () => {
  const check = (outputs: Partial<Output>[], change = {}, asked = ping): string[] => {
    const warnings: string[] = [];
    const whole = outputs.map((output) => ({
      type: 'docker' as const,
      dest: 'x.tar',
      attributes: {},
      ...output,
    }));
    checkOutputs({ ...plain, outputs: whole, ...change }, asked, (text) => warnings.push(text));
    return warnings;
  };

  it('are archives, of OCI’s format where the engine writes it', () => {
    expect(check([{}, { type: 'oci', attributes: { tar: 'true' } }])).toEqual([]);
    expect(check([{ type: 'oci' }], {}, { ...ping, apiVersion: '1.41' })).toHaveLength(1);
    expect(check([{ type: 'oci' }], {}, { ...ping, isPodman: true })).toHaveLength(1);
  });

  it.each<[Partial<Output>, string]>([
    [{ type: 'tar' }, 'OUTPUT_TYPE'],
    [{ type: 'local' }, 'OUTPUT_TYPE'],
    [{ type: 'oci', attributes: { tar: 'false' } }, 'OUTPUT_ATTRIBUTE'],
    [{ attributes: { compression: 'zstd' } }, 'OUTPUT_ATTRIBUTE'],
  ])('are refused for %j', (output, code) => {
    expect(() => check([output])).toThrow(
      expect.objectContaining({ kind: 'usage', code }) as Error,
    );
  });

  it('are images for one platform', () => {
    expect(() => check([], { platforms: ['linux/arm64', 'linux/amd64'] })).toThrow(
      expect.objectContaining({ kind: 'usage', code: 'PLATFORMS' }) as Error,
    );
  });

  it('are no push of an image without a name', () => {
    expect(() => check([], { push: true })).toThrow(/it has no name$/);
  });
});

describe('the name of an image', () => {
  it.each([
    ['app', 'docker.io/library/app:latest'],
    ['app:1.10', 'docker.io/library/app:1.10'],
    ['team/app', 'docker.io/team/app:latest'],
    ['docker.io/app', 'docker.io/library/app:latest'],
    ['index.docker.io/team/app:x', 'docker.io/team/app:x'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
  ])('%s is %s in full', (short, full) => {
    expect(fullName(short)).toBe(full);
  });

  it('has its tag after the last colon that does not belong to a port', () => {
    expect(splitTag('h:5000/app')).toEqual(['h:5000/app', 'latest']);
    expect(splitTag('h:5000/app:1.10')).toEqual(['h:5000/app', '1.10']);
  });
});
