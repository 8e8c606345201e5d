import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection } from '../../../src/engine/docker/connection.js';
import { resolveEndpoint } from '../../../src/engine/docker/endpoint.js';
import { pullIntoEngine } from '../../../src/engine/docker/registry.js';
import { pushFromEngine } from '../../../src/engine/docker/registry.js';
import { credentialStore } from '../../../src/image/credentials/credentials.js';

const TAG = 'r.example:5000/team/app:1';
const DIGEST = `sha256:${'d'.repeat(64)}`;

let folder: string;
let server: Server;
let answer: (response: ServerResponse) => void;
/** `METHOD PATH`, and the decoded `X-Registry-Auth`. */
let asked: [string, unknown][];
let signal: AbortSignal;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  const auths = { 'r.example:5000': { auth: Buffer.from('me:pw').toString('base64') } };
  await writeFile(join(folder, 'config.json'), JSON.stringify({ auths }));
  asked = [];
  signal = new AbortController().signal;
  server = createServer((request, response) => {
    const auth = Buffer.from(String(request.headers['x-registry-auth']), 'base64url');
    asked.push([
      `${request.method} ${decodeURIComponent(request.url ?? '')}`,
      JSON.parse(auth.toString('utf8')),
    ]);
    answer(response);
  });
  server.listen(join(folder, 'engine.sock'));
  await once(server, 'listening');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.close();
  server.closeAllConnections();
  await rm(folder, { recursive: true });
});

const lines =
  (...values: readonly object[]) =>
  (response: ServerResponse): void =>
    void response.end(values.map((value) => `${JSON.stringify(value)}\r\n`).join(''));
const begun = (response: ServerResponse): void => {
  response.write('{"status":"Preparing","id":"0123456789ab"}\r\n');
};

const transfers = {
  push: async (): Promise<string | undefined> => {
    const env = { DOCKER_HOST: `unix://${folder}/engine.sock`, DOCKER_CONFIG: folder };
    const connection = new Connection(await resolveEndpoint(env, folder), env);
    return pushFromEngine(connection, TAG, credentialStore(env), {
      report: () => undefined,
      signal,
    });
  },
  pull: async (): Promise<undefined> => {
    const env = { DOCKER_HOST: `unix://${folder}/engine.sock`, DOCKER_CONFIG: folder };
    const connection = new Connection(await resolveEndpoint(env, folder), env);
    await pullIntoEngine(connection, TAG, { env, report: () => undefined, signal });
    return undefined;
  },
};

const credential = { username: 'me', password: 'pw', serveraddress: 'r.example:5000' };

describe('an image is pushed', () => {
  it('with the credential of its registry, and its digest is returned', async () => {
    answer = lines({ status: 'Pushed', id: 'a' }, { aux: { Digest: DIGEST } });
    expect(await transfers.push()).toBe(DIGEST);
    expect(asked).toEqual([['POST /images/r.example:5000/team/app/push?tag=1', credential]]);
  });

  it('with the digest that Podman writes in its last status', async () => {
    answer = lines({ status: `1: digest: ${DIGEST} size: 528` });
    expect(await transfers.push()).toBe(DIGEST);
  });

  it.each([
    ['DOCKER_HOST', 'tcp://:2375'],
    ['DOCKER_CERT_PATH', '/nonexistent'],
  ])('independent of %s of the process', async (name, value) => {
    vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:1');
    vi.stubEnv(name, value);
    answer = lines({ aux: { Digest: DIGEST } });
    expect(await transfers.push()).toBe(DIGEST);
  });
});

describe('an image is pulled', () => {
  it('with the credential of its registry', async () => {
    answer = lines({ status: 'Pull complete', id: 'a' });
    await transfers.pull();
    const path = 'POST /images/create?fromImage=r.example:5000/team/app&tag=1';
    expect(asked).toEqual([[path, credential]]);
  });
});

describe.each(['push', 'pull'] as const)('a %s', (verb) => {
  const subject = verb === 'push' ? `pushing ${TAG} to r.example:5000` : `pulling ${TAG}`;
  const code = verb.toUpperCase();

  it('fails with the message that the engine sends with HTTP 200', async () => {
    answer = lines({ errorDetail: { message: 'unauthorized: no' }, error: 'unauthorized: no' });
    await expect(transfers[verb]()).rejects.toMatchObject({
      kind: 'engine',
      code: `${code}_REFUSED`,
      message: `${subject}: unauthorized: no`,
      hint: expect.stringContaining('credentials for r.example:5000') as string,
    });
  });

  it.each([404, 500])('fails with the message of HTTP %i alone', async (status) => {
    answer = (response) =>
      void response.writeHead(status).end(JSON.stringify({ message: 'no luck' }));
    await expect(transfers[verb]()).rejects.toMatchObject({
      kind: 'engine',
      code: `${code}_FAILED`,
      message: `${subject}: no luck`,
    });
  });

  it('fails when the connection breaks before or in the answer', async () => {
    answer = (response) => void response.destroy();
    await expect(transfers[verb]()).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE' });
    answer = (response) => {
      begun(response);
      setImmediate(() => response.destroy());
    };
    await expect(transfers[verb]()).rejects.toMatchObject({
      code: 'ENGINE_GONE',
      message: expect.stringContaining(`${verb}ing ${TAG}: the engine at unix://`) as string,
    });
  });

  it('keeps the reason that was sent before the connection broke', async () => {
    answer = (response) => {
      response.write(`{"error":"the registry is on fire"}\r\n`);
      setTimeout(() => response.destroy(), 20);
    };
    await expect(transfers[verb]()).rejects.toMatchObject({
      code: `${code}_FAILED`,
      message: `${subject}: the registry is on fire`,
    });
  });

  it('ends with the reason of the signal, before and in the answer', async () => {
    for (const reply of [() => undefined, begun]) {
      const interruption = new AbortController();
      signal = interruption.signal;
      answer = (response) => {
        reply(response);
        setTimeout(() => interruption.abort(new Error('interrupted')), 20);
      };
      await expect(transfers[verb]()).rejects.toThrow('interrupted');
    }
  });
});
