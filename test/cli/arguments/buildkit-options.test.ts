import { describe, expect, it } from 'vitest';
import { buildkitOptions } from '../../../src/cli/arguments/buildkit-options.js';
import { parse } from '../../../src/cli/arguments/parse.js';

const options = (
  argv: readonly string[],
  env: NodeJS.ProcessEnv = {},
): ReturnType<typeof buildkitOptions> => buildkitOptions(parse(argv), env);

describe('--cache-from and --cache-to', () => {
  it.each([
    ['registry:5000/app', [{ type: 'registry', attrs: { ref: 'registry:5000/app' } }]],
    [
      'one,two',
      [
        { type: 'registry', attrs: { ref: 'one' } },
        { type: 'registry', attrs: { ref: 'two' } },
      ],
    ],
    ['type=registry,REF=app,mode=max', [{ type: 'registry', attrs: { ref: 'app', mode: 'max' } }]],
    ['type=inline', [{ type: 'inline', attrs: {} }]],
    [
      'type=azblob,"name=a,b",account_url=u=1',
      [{ type: 'azblob', attrs: { name: 'a,b', account_url: 'u=1' } }],
    ],
    ['type=s3,"name=a""b"', [{ type: 's3', attrs: { name: 'a"b' } }]],
  ])('read %s as buildx does', (text, caches) => {
    expect(options(['--cache-from', text]).cacheFrom).toEqual(caches);
    expect(options(['--cache-to', text]).cacheTo).toEqual(caches);
  });

  const ACTIONS = { ACTIONS_RUNTIME_TOKEN: 't', ACTIONS_RESULTS_URL: 'r' };
  it.each([
    [ACTIONS, {}, { token: 't', url: 'r' }],
    [{ ...ACTIONS, ACTIONS_CACHE_URL: 'c' }, {}, { token: 't', url: 'c' }],
    [{ ...ACTIONS, ACTIONS_CACHE_SERVICE_V2: 'true' }, {}, { token: 't', url: 'r', url_v2: 'r' }],
    [ACTIONS, { version: '2' }, { version: '2', token: 't', url: 'r', url_v2: 'r' }],
    [ACTIONS, { token: 'own', url: 'own' }, { token: 'own', url: 'own' }],
  ])('take the cache of GitHub Actions from %j with %j', (env, given, attrs) => {
    const text = ['type=gha', ...Object.entries(given).map((pair) => pair.join('='))].join(',');
    expect(options(['--cache-to', text], env).cacheTo).toEqual([{ type: 'gha', attrs }]);
  });

  it('leave out the cache of GitHub Actions elsewhere', () => {
    expect(options(['--cache-to', 'type=gha,scope=a']).cacheTo).toEqual([]);
  });

  it('take the credentials of S3 from the environment, unless both are given', () => {
    const env = {
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'key',
      AWS_SESSION_TOKEN: 'token',
    };
    const all = { access_key_id: 'id', secret_access_key: 'key', session_token: 'token' };
    const attrs = (text: string): unknown => options(['--cache-to', text], env).cacheTo[0]?.attrs;
    expect(attrs('type=s3')).toEqual(all);
    expect(attrs('type=s3,access_key_id=own')).toEqual({ ...all, access_key_id: 'own' });
    const own = { access_key_id: 'a', secret_access_key: 'b' };
    expect(attrs('type=s3,access_key_id=a,secret_access_key=b')).toEqual(own);
  });
});

describe('--secret', () => {
  it.each([
    ['id=npm,src=.npmrc', {}, { id: 'npm', src: '.npmrc' }],
    ['id=npm,source=.npmrc', {}, { id: 'npm', src: '.npmrc' }],
    ['type=file,id=npm', { npm: 'x' }, { id: 'npm', src: 'npm' }],
    ['id=TOKEN,env=MINE', {}, { id: 'TOKEN', env: 'MINE' }],
    ['id=TOKEN,type=env', {}, { id: 'TOKEN', env: 'TOKEN' }],
    ['id=TOKEN,type=env,src=MINE', {}, { id: 'TOKEN', env: 'MINE' }],
    ['id=TOKEN', { TOKEN: 'x' }, { id: 'TOKEN', env: 'TOKEN' }],
    ['id=TOKEN', {}, { id: 'TOKEN', src: 'TOKEN' }],
    ['id=npm,"src=a,b"', {}, { id: 'npm', src: 'a,b' }],
  ])('%s with %j', (text, env, secret) => {
    expect(options(['--secret', text], env).secrets).toEqual([secret]);
  });
});

describe('attestations', () => {
  it.each([
    [['--provenance', 'true'], { provenance: '' }],
    [['--provenance', 'mode=max'], { provenance: 'mode=max' }],
    [['--provenance=false', '--sbom=false'], {}],
    [['--sbom', 'true', '--provenance', 'false'], { sbom: '' }],
    [['--sbom', 'generator=image'], { sbom: 'generator=image' }],
    [['--attest', 'type=provenance,mode=min'], { provenance: 'mode=min' }],
    [['--attest', 'type=sbom,"generator=a,b"'], { sbom: '"generator=a,b"' }],
    [['--attest', 'type=sbom,disabled=true'], {}],
    [['--attest', 'type=sbom,disabled=false'], { sbom: '' }],
    [['--attest', 'type=provenance,mode=min', '--provenance=false'], { provenance: 'mode=min' }],
    [['--attest', 'type=provenance,disabled=true', '--provenance=true'], {}],
  ])('%j', (argv, attests) => {
    expect(options(argv).attests).toEqual(attests);
  });
});

it.each([
  ['64m', 64 << 20],
  ['64MB', 64 << 20],
  ['64 MiB', 64 << 20],
  ['1.5k', 1536],
  ['1024', 1024],
  ['2b', 2],
  ['0', 0],
])('--shm-size %s is %d bytes, as docker counts them', (text, bytes) => {
  expect(options(['--shm-size', text]).shmSize).toBe(bytes);
});

it('passes privileges and stages on', () => {
  const given = options([
    '--allow',
    'network.host',
    '--allow',
    'device=a',
    '--no-cache-filter=a,b',
  ]);
  expect(given).toMatchObject({ allow: ['network.host', 'device=a'], noCacheFilter: ['a', 'b'] });
});
