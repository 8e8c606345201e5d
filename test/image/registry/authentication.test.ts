import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BlobCache, openBlobCache } from '../../../src/image/cache/blob-cache.js';
import type { Credential, CredentialStore } from '../../../src/image/credentials/credentials.js';
import { parseReference } from '../../../src/image/reference.js';
import { parseChallenges } from '../../../src/image/registry/authenticator.js';
import { pullFromRegistry } from '../../../src/image/registry/pull.js';
import { pushToRegistry } from '../../../src/image/registry/push.js';
import type { RegistrySettings } from '../../../src/image/registry/settings.js';
import { addImage, assemble, failure, type FakeRegistry, fakeRegistry, quick } from './fake.js';

let home: string;
let cache: BlobCache;
let registry: FakeRegistry;
/** The token server; what it gives out is in `tokens`. */
let realm: FakeRegistry;
let tokens: Map<string, { readonly scopes: readonly string[] }>;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  cache = await openBlobCache({ HOME: home });
  registry = await fakeRegistry();
  realm = await fakeRegistry();
  tokens = new Map();
});
afterEach(async () => {
  await cache.close();
  await registry.close();
  await realm.close();
  await rm(home, { recursive: true, force: true });
});

const credential = (more: Partial<Credential>): Credential => ({
  username: '',
  password: '',
  identityToken: '',
  registryToken: '',
  ...more,
});
const alice = credential({ username: 'alice', password: 'wonder:land' });
const basic = `Basic ${Buffer.from('alice:wonder:land').toString('base64')}`;
const store = (found: Credential | undefined): CredentialStore & { asked: string[] } => {
  const asked: string[] = [];
  const get = async (host: string): Promise<Credential | undefined> => {
    asked.push(host);
    return found;
  };
  return { asked, get, where: async () => 'auths in /home/config.json', keys: async () => [] };
};
const settings = (
  credentials: CredentialStore,
  more: Partial<RegistrySettings> = {},
): RegistrySettings => ({
  env: { HOME: home },
  credentials,
  signal: new AbortController().signal,
  timing: quick,
  ...more,
});
const pull = (credentials: CredentialStore, more?: Partial<RegistrySettings>) =>
  pullFromRegistry(
    parseReference(`${registry.address}/app:1`),
    { os: 'linux', architecture: 'amd64' },
    settings(credentials, more),
    cache,
  );
const push = (credentials: CredentialStore, image = assemble([Buffer.from('x')])): Promise<void> =>
  pushToRegistry(image, [`${registry.address}/app:1`], settings(credentials));

const answer = (response: ServerResponse, status: number, body: unknown, headers = {}): true => {
  response.writeHead(status, headers).end(JSON.stringify(body));
  return true;
};

/** The registry takes the tokens that are in `tokens`. */
function demandTokens(): void {
  const where = `http://${realm.address}/token`;
  registry.hook = ({ headers, url = '', method }, response) => {
    const token = tokens.get(/^Bearer (.*)$/.exec(headers.authorization ?? '')?.[1] ?? '');
    const repository = /^\/v2\/(.+)\/(?:blobs|manifests)/.exec(url)?.[1] ?? '';
    const wanted = `repository:${repository}:${method === 'GET' ? 'pull' : 'pull,push'}`;
    const ok = token && (url === '/v2/' || token.scopes.some((scope) => scope.startsWith(wanted)));
    if (ok) return false;
    const challenge = `Bearer realm="${where}",service="the registry",scope="${wanted}"`;
    return answer(
      response,
      401,
      { errors: [{ code: 'UNAUTHORIZED', message: 'log in' }] },
      {
        'WWW-Authenticate': challenge,
      },
    );
  };
}

/** The token server gives a token to whom `allows` lets in. */
function giveTokens(
  allows: (request: IncomingMessage, form: URLSearchParams) => boolean,
  more: object = { expires_in: 300 },
): void {
  realm.hook = async (request, response) => {
    const url = new URL(request.url ?? '', 'http://realm');
    const form = new URLSearchParams(await text(request));
    if (!allows(request, form)) return answer(response, 401, { details: 'wrong password' });
    const scopes = [...url.searchParams.getAll('scope'), ...(form.get('scope')?.split(' ') ?? [])];
    const token = `token-${realm.seen.length}`;
    tokens.set(token, { scopes });
    return answer(response, 200, { token, ...more });
  };
}

describe('a registry that wants a user and a password', () => {
  const demand = (): void => {
    registry.hook = ({ headers }, response) =>
      headers.authorization === basic
        ? false
        : answer(response, 401, {}, { 'WWW-Authenticate': 'Basic realm="x"' });
  };

  it('gets them, once it has asked', async () => {
    demand();
    addImage(registry, 'app', '1');
    const credentials = store(alice);
    await pull(credentials);
    expect(credentials.asked).toEqual([registry.address]);
    expect(registry.seen[0]?.authorization).toBeUndefined();
    // The probe, the first try, and then no more refusals.
    expect(registry.seen.slice(2).every(({ authorization }) => authorization === basic)).toBe(true);
  });

  it('is told of, with where credentials were looked for, when there are none', async () => {
    demand();
    expect(await failure(pull(store(undefined)))).toMatchObject({
      kind: 'engine',
      code: 'REGISTRY_DENIED',
      message: `pulling ${registry.address}/app:1: ${registry.address} denied access to app (401), no credentials in auths in /home/config.json`,
      hint: `\`docker login ${registry.address}\` adds credentials, unless the name is wrong`,
    });
  });

  it('is told of, with what overrules a login, when that was refused', async () => {
    demand();
    const where = 'auths in DOCKER_AUTH_CONFIG';
    const given = { ...store(credential({ username: 'alice', password: 'x' })) };
    const error = await failure(pull({ ...given, where: () => Promise.resolve(where) }));
    expect(String(error)).toContain(`with the credentials of ${where}`);
    expect(error).toMatchObject({
      hint: 'DOCKER_AUTH_CONFIG comes before what `docker login` has left',
    });
  });

  it('is not asked again and again with what it doesn’t take', async () => {
    demand();
    const error = await failure(push(store(credential({ username: 'alice', password: 'x' }))));
    expect(error).toMatchObject({ code: 'REGISTRY_DENIED' });
    expect(String(error)).toContain('with the credentials of auths in /home/config.json');
    expect(String(error)).not.toContain('alice');
    expect(registry.seen.length).toBeLessThan(10);
  });

  it('is not asked for credentials when it wants none', async () => {
    addImage(registry, 'app', '1');
    const credentials = store(alice);
    await pull(credentials);
    expect(credentials.asked).toEqual([]);
  });
});

describe('a registry that wants a token', () => {
  it('gets an anonymous one, asked for by service and scope', async () => {
    demandTokens();
    giveTokens(({ headers }) => headers.authorization === undefined);
    addImage(registry, 'app', '1');
    const image = await pull(store(undefined));
    await text(await image.blobs.open(image.layers[0]!));
    expect(realm.lines()).toEqual([
      'GET /token?service=the+registry&scope=repository%3Aapp%3Apull&client_id=dockerception',
    ]);
  });

  it('gets one for a user and a password, which only the token server sees', async () => {
    demandTokens();
    giveTokens(({ headers }) => headers.authorization === basic);
    await push(store(alice));
    expect(realm.lines()).toHaveLength(1);
    expect(realm.lines()[0]).toContain('scope=repository%3Aapp%3Apull%2Cpush');
    expect(realm.lines()[0]).toContain('account=alice');
    const sent = registry.seen.map(({ authorization }) => authorization ?? 'Bearer');
    expect(sent.every((value) => value.startsWith('Bearer'))).toBe(true);
  });

  it('gets one for an identity token', async () => {
    demandTokens();
    giveTokens(
      ({ method, headers }, form) =>
        method === 'POST' &&
        headers.authorization === undefined &&
        form.get('grant_type') === 'refresh_token' &&
        form.get('refresh_token') === 'secret' &&
        form.get('service') === 'the registry' &&
        form.get('client_id') === 'dockerception',
    );
    addImage(registry, 'app', '1');
    await pull(store(credential({ identityToken: 'secret' })));
    expect(realm.lines()).toEqual(['POST /token']);
  });

  it('may be given the access_token of OAuth', async () => {
    demandTokens();
    realm.hook = (_, response) => {
      tokens.set('other', { scopes: ['repository:app:pull'] });
      return answer(response, 200, { access_token: 'other' });
    };
    addImage(registry, 'app', '1');
    await pull(store(undefined));
  });

  it('gets a registry token as it is', async () => {
    demandTokens();
    tokens.set('given', { scopes: ['repository:app:pull'] });
    addImage(registry, 'app', '1');
    await pull(store(credential({ registryToken: 'given' })));
    expect(realm.seen).toEqual([]);
  });

  it('gets a new one when the old one is over, in the middle of a push too', async () => {
    demandTokens();
    giveTokens(() => true);
    let uploads = 0;
    registry.hook = ((demand) => (request, response, seen) => {
      // The first upload finds that all tokens are over.
      const isUpload = request.method === 'PUT' && request.url?.includes('/uploads/');
      if (isUpload && ++uploads === 1) tokens.clear();
      return demand!(request, response, seen);
    })(registry.hook);
    await push(store(undefined), assemble([Buffer.from('a'), Buffer.from('b')]));
    expect(realm.seen.length).toBeGreaterThan(1);
    expect([...registry.manifests.keys()]).toContain('app 1');
  });

  it('gets one with which layers can be mounted', async () => {
    demandTokens();
    giveTokens(() => true);
    const layer = Buffer.from('layer');
    const base = addImage(registry, 'base', '1', [layer]);
    const origin = { registry: registry.address, repository: 'base' };
    const origins = new Map([[base.manifest.layers[0]!.digest, origin]]);
    await push(store(undefined), assemble([layer], ['amd64'], origins));
    const scopes = [...tokens.values()].map((token) => token.scopes);
    expect(scopes).toContainEqual(['repository:app:pull,push', 'repository:base:pull']);
  });

  it('is told of when the token server refuses', async () => {
    demandTokens();
    giveTokens(() => false);
    const error = await failure(pull(store(alice)));
    expect(error).toMatchObject({ kind: 'engine', code: 'REGISTRY_DENIED' });
    expect(String(error)).toContain('denied access to app (401, wrong password)');
  });

  it('is told of when its tokens don’t help', async () => {
    demandTokens();
    giveTokens(() => true);
    registry.hook = ((demand) => (request, response, seen) => {
      delete request.headers.authorization;
      return demand!(request, response, seen);
    })(registry.hook);
    expect(await failure(pull(store(alice)))).toMatchObject({ code: 'REGISTRY_DENIED' });
    expect(realm.seen).toHaveLength(1);
  });

  it.each([
    ['no JSON', 'nonsense'],
    ['no token', '{}'],
    ['a token of two lines', '{"token":"a\\r\\nX-Evil: 1"}'],
    ['a number', '{"token":1}'],
    ['null', 'null'],
  ])('is told of when the token server answers with %s', async (_, body) => {
    demandTokens();
    realm.hook = (_request, response) => !!response.end(body);
    const error = await failure(pull(store(undefined)));
    expect(error).toMatchObject({ code: 'REGISTRY_ANSWER' });
    expect(String(error)).toContain('has no token in it');
  });

  it('asks a token server again that is busy for a moment', async () => {
    demandTokens();
    giveTokens(() => true);
    let failed = 0;
    const give = realm.hook!;
    realm.hook = (request, response, seen) =>
      failed++ ? give(request, response, seen) : answer(response, 503, {});
    addImage(registry, 'app', '1');
    await pull(store(undefined));
  });

  it('names no token server without an address', async () => {
    registry.hook = (_, response) =>
      answer(response, 401, {}, { 'WWW-Authenticate': 'Bearer realm="file:///etc/passwd"' });
    expect(String(await failure(pull(store(undefined))))).toContain('is not a URL');
  });

  it('has its token server redirect without the password', async () => {
    demandTokens();
    giveTokens(() => true);
    const other = await fakeRegistry((request, response) => {
      response.writeHead(307, { Location: `http://${realm.address}/token` }).end();
      return request.method === 'GET';
    });
    try {
      registry.hook = ((demand) => async (request, response, seen) => {
        const original = response.writeHead.bind(response);
        response.writeHead = ((status: number, headers: Record<string, string>) =>
          original(
            status,
            JSON.parse(JSON.stringify(headers).replaceAll(realm.address, other.address)) as Record<
              string,
              string
            >,
          )) as typeof response.writeHead;
        return demand!(request, response, seen);
      })(registry.hook);
      tokens.set('token-x', { scopes: [] });
      await failure(pull(store(alice)));
      expect(other.seen[0]?.authorization).toBe(basic);
      expect(realm.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
    } finally {
      await other.close();
    }
  });
});

describe('a challenge', () => {
  it.each([
    ['Basic realm="x"', [{ scheme: 'basic', parameters: { realm: 'x' } }]],
    ['Negotiate', [{ scheme: 'negotiate', parameters: {} }]],
    [
      'Bearer realm="https://a/b?c=d",service="s",scope="repository:a:pull,push"',
      [
        {
          scheme: 'bearer',
          parameters: { realm: 'https://a/b?c=d', service: 's', scope: 'repository:a:pull,push' },
        },
      ],
    ],
    [
      'Negotiate, BASIC realm="a \\"b\\"" , Bearer Realm = https://a ,error=x',
      [
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'basic', parameters: { realm: 'a "b"' } },
        { scheme: 'bearer', parameters: { realm: 'https://a', error: 'x' } },
      ],
    ],
    ['', []],
    ['realm="x"', []],
    ['"', []],
  ])('%j is read', (header, expected) => {
    expect(parseChallenges(header)).toEqual(expected);
  });

  it('that is very long takes no time', () => {
    const before = performance.now();
    parseChallenges(`Bearer ${'a="'.repeat(5000)}`);
    parseChallenges(`Bearer ${'a '.repeat(5000)}`);
    parseChallenges(`Bearer realm="${'\\'.repeat(8000)}`);
    expect(performance.now() - before).toBeLessThan(1000);
  });
});
