/** Options of BuildKit that an engine would ignore are refused by name, for each version and store. */
import { describe, expect, it } from 'vitest';
import type { BuildBackend } from '../../../src/engine/docker/build-options.js';
import { buildQuery, checkBuildkitOptions } from '../../../src/engine/docker/build-options.js';
import type { ApiRequest, Connection } from '../../../src/engine/docker/connection.js';
import type { EngineRequest } from '../../../src/engine/engine.js';
import type { BuildkitOption } from '../../../src/engine/unsupported.js';
import { DockerceptionError } from '../../../src/errors.js';
import { engineOptions } from '../../support/engine-options.js';

const REGISTRY = [{ type: 'registry', attrs: { ref: 'app' } }];
const ALL: { readonly [K in BuildkitOption]: EngineRequest[K] } = {
  secrets: [{ id: 'a' }],
  ssh: [{ id: 'default' }],
  cacheFrom: REGISTRY,
  cacheTo: REGISTRY,
  noCacheFilter: ['one'],
  allow: ['network.host'],
  ulimits: ['nofile=1'],
  shmSize: 1,
  annotations: ['a=b'],
  attests: { sbom: '' },
  cacheOnly: true,
  call: 'check',
};

/** An engine that has only this image. */
function engine(isContainerd: boolean, image = 'app'): Connection {
  const status = ['driver-type', 'io.containerd.snapshotter.v1'];
  const json = ({ path }: ApiRequest): Promise<unknown> => {
    if (path === '/info') return Promise.resolve({ DriverStatus: isContainerd ? [status] : null });
    if (path === `/images/${image}/json`) return Promise.resolve({});
    return Promise.reject(new DockerceptionError('engine', 'ENGINE_NOT_FOUND', path));
  };
  return { json } as unknown as Connection;
}

/** The options that are refused, if each is the only one. */
async function refused(
  backend: BuildBackend,
  apiVersion: string,
  connection: Connection,
  options: Partial<EngineRequest> = ALL,
): Promise<string[]> {
  const found: string[] = [];
  for (const [key, value] of Object.entries(options)) {
    const request = engineOptions({ [key]: value });
    const ping = { apiVersion, builderVersion: '2', isPodman: backend === 'podman' };
    try {
      await checkBuildkitOptions(request, backend, ping, connection, () => undefined);
    } catch (error) {
      expect(error).toMatchObject({ kind: 'usage', code: 'BUILDKIT_ONLY' });
      const shown = key === 'cacheOnly' ? 'outputs: type=cacheonly' : key;
      expect((error as Error).message).toContain(`building with \`${shown}`);
      found.push(key);
    }
  }
  return found;
}

describe('BuildKit of', () => {
  it.each([
    ['Docker 20.10', '1.41', false, ['cacheTo', 'ulimits', 'shmSize', 'annotations', 'attests']],
    ['Docker 23', '1.42', true, ['annotations', 'attests']],
    ['Docker 24', '1.43', true, []],
    ['Docker 28 without containerd', '1.51', false, ['cacheTo', 'annotations', 'attests']],
    ['Docker 28', '1.51', true, []],
  ])('%s', async (_, apiVersion, isContainerd, missing) => {
    expect(await refused('buildkit', apiVersion, engine(isContainerd))).toEqual(missing);
  });

  it('every version writes the cache into the image', async () => {
    const cacheTo = [{ type: 'inline', attrs: {} }];
    expect(await refused('buildkit', '1.41', engine(false), { cacheTo })).toEqual([]);
  });
});

const WITHOUT = [
  'secrets',
  'ssh',
  'cacheTo',
  'noCacheFilter',
  'allow',
  'annotations',
  'attests',
  'cacheOnly',
  'call',
];

describe('the classic builder', () => {
  it('has limits and images as caches', async () => {
    expect(await refused('classic', '1.51', engine(true))).toEqual(WITHOUT);
    const cacheFrom = [{ type: 'gha', attrs: {} }];
    expect(await refused('classic', '1.51', engine(true), { cacheFrom })).toEqual(['cacheFrom']);
    const query = buildQuery(engineOptions(ALL), 'classic');
    expect(Object.fromEntries(new URLSearchParams(query))).toMatchObject({
      cachefrom: '["app"]',
      shmsize: '1',
      ulimits: '[{"Name":"nofile","Soft":1,"Hard":1}]',
    });
  });

  it.each([
    ['app', []],
    ['other', [expect.stringContaining('there is no app in the engine')]],
  ])('reports a cache that the engine does not have, if it has %s', async (image, notices) => {
    const found: string[] = [];
    const ping = { apiVersion: '1.51', builderVersion: '1', isPodman: false };
    const request = engineOptions({ cacheFrom: REGISTRY });
    const notice = (message: string): void => void found.push(message);
    await checkBuildkitOptions(request, 'classic', ping, engine(true, image), notice);
    expect(found).toEqual(notices);
  });
});

it('Podman has limits, in its own form', async () => {
  const missing = await refused('podman', '1.41', engine(false));
  expect(missing.sort()).toEqual(['cacheFrom', ...WITHOUT].sort());
  const query = buildQuery(engineOptions({ ulimits: ['nofile=1:2'] }), 'podman');
  expect(new URLSearchParams(query).get('ulimits')).toBe('["nofile=1:2"]');
});
