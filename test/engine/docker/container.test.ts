import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connection } from '../../../src/engine/docker/connection.js';
import type { ContainerSettings } from '../../../src/engine/docker/container.js';
import { Container } from '../../../src/engine/docker/container.js';
import { resolveEndpoint } from '../../../src/engine/docker/endpoint.js';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const ID = 'c'.repeat(64);
const never = new AbortController().signal;
const settings: ContainerSettings = { image: 'builder', env: [], volumes: [] };

let folder: string;
let server: ReturnType<typeof createServer>;
let connection: Connection;
/** `METHOD PATH`, each, as they came. */
let asked: string[];
/** By `METHOD PATH`, without the query; anything else is answered with 404. */
let answers: Record<string, Answer>;

const json =
  (value: unknown, status = 200): Answer =>
  (_request, response) =>
    void response
      .writeHead(status, { 'Content-Type': 'application/json' })
      .end(JSON.stringify(value));
const empty =
  (status: number): Answer =>
  (_request, response) =>
    void response.writeHead(status).end();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  asked = [];
  answers = { 'POST /containers/create': json({ Id: ID }, 201) };
  server = createServer((request, response) => {
    const { method = '', url = '' } = request;
    asked.push(`${method} ${url.replace(ID, 'ID')}`);
    const answer = answers[`${method} ${url.replace(/\?.*/, '').replace(ID, 'ID')}`];
    void text(request).then((body) =>
      (answer ?? json({ message: 'no such thing' }, 404))(request, response, body),
    );
  });
  await listen();
  const env = { DOCKER_HOST: `unix://${join(folder, 'engine.sock')}` };
  connection = new Connection(await resolveEndpoint(env, folder), env);
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

async function listen(): Promise<void> {
  server.listen(join(folder, 'engine.sock'));
  await once(server, 'listening');
}

const create = (change: Partial<ContainerSettings> = {}): Promise<Container> =>
  Container.create(connection, { ...settings, ...change }, never);

describe('a container is created', () => {
  const bodyOf = async (change: Partial<ContainerSettings>): Promise<Record<string, unknown>> => {
    let sent = '';
    answers['POST /containers/create'] = (request, response, body) => {
      sent = body;
      json({ Id: ID }, 201)(request, response, body);
    };
    await create(change);
    return JSON.parse(sent) as Record<string, unknown>;
  };

  it('with nothing that wasn’t asked for, no terminal, and no copy of its output', async () => {
    const container = await create();
    expect(container.id).toBe(ID);
    expect(await bodyOf({})).toEqual({
      Image: 'builder',
      Env: [],
      Labels: { dockerception: 'builder' },
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      OpenStdin: false,
      Tty: false,
      HostConfig: { LogConfig: { Type: 'none' }, Binds: [] },
    });
  });

  it('as it was asked for', async () => {
    const volumes = ['/src:/src:ro', 'cache:/cache'];
    expect(
      await bodyOf({
        command: ['-c', 'make'],
        entrypoint: 'sh',
        env: ['A=1'],
        user: '1:2',
        workdir: '/w',
        volumes,
      }),
    ).toMatchObject({
      Cmd: ['-c', 'make'],
      Entrypoint: ['sh'],
      Env: ['A=1'],
      User: '1:2',
      WorkingDir: '/w',
      HostConfig: { Binds: volumes },
    });
  });

  it('without its image’s command where its entry point is another', async () => {
    expect(await bodyOf({ entrypoint: 'sh' })).toMatchObject({ Entrypoint: ['sh'], Cmd: [] });
    expect(await bodyOf({ entrypoint: '' })).toMatchObject({ Entrypoint: [''], Cmd: [] });
    expect(await bodyOf({ entrypoint: '', command: ['ls'] })).toMatchObject({ Cmd: ['ls'] });
    expect(await bodyOf({ command: ['ls'] })).not.toHaveProperty('Entrypoint');
  });

  it('and removed when it isn’t wanted any more by then', async () => {
    answers['DELETE /containers/ID'] = empty(204);
    const reason = new Error('interrupted');
    const making = Container.create(connection, settings, AbortSignal.abort(reason));
    await expect(making).rejects.toBe(reason);
    expect(asked).toEqual(['POST /containers/create', 'DELETE /containers/ID?force=1&v=1']);
  });

  it('but not from a missing image', async () => {
    answers['POST /containers/create'] = json({ message: 'No such image: builder' }, 404);
    await expect(create()).rejects.toMatchObject({
      kind: 'builder',
      code: 'ENGINE_NOT_FOUND',
      message: 'making the builder: No such image: builder',
    });
  });
});

describe('a container that runs', () => {
  it('is attached to by an upgrade', async () => {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      asked.push(`${request.method} ${request.url?.replace(ID, 'ID')}`);
      socket.end('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nframes');
    });
    const container = await create();
    expect(await text(await container.attach(never))).toBe('frames');
    expect(asked.at(-1)).toBe('POST /containers/ID/attach?stream=1&stdout=1&stderr=1');
  });

  it('that cannot be attached to fails with the reason from its start', async () => {
    // As Podman 4.3 has it.
    answers['POST /containers/ID/attach'] = json({ message: 'preparing: no such program' }, 409);
    answers['POST /containers/ID/start'] = json({ message: 'runc: no such program' }, 500);
    const container = await create();
    await expect(container.attach(never)).rejects.toMatchObject({
      kind: 'builder',
      message: 'starting the builder: runc: no such program',
    });
    answers['POST /containers/ID/start'] = empty(204);
    await expect(container.attach(never)).rejects.toMatchObject({
      kind: 'engine',
      code: 'ENGINE_UPGRADE',
    });
  });

  it('is waited for', async () => {
    const container = await create();
    answers['POST /containers/ID/wait'] = json({ StatusCode: 9, Error: null });
    expect(await container.wait()).toBe(9);
    answers['POST /containers/ID/wait'] = json({ StatusCode: -1, Error: { Message: 'lost it' } });
    await expect(container.wait()).rejects.toMatchObject({
      kind: 'builder',
      code: 'BUILDER_WAIT',
      message: 'waiting for the builder: lost it',
    });
    answers['POST /containers/ID/wait'] = (request) => request.socket.destroy();
    await expect(container.wait()).rejects.toMatchObject({ kind: 'engine' });
  });

  it('is waited for no longer than wanted', async () => {
    const container = await create();
    const controller = new AbortController();
    answers['POST /containers/ID/wait'] = () => controller.abort(new Error('enough'));
    await expect(container.wait(controller.signal)).rejects.toThrow('enough');
  });

  it.each([
    ['killed for its memory', { OOMKilled: true, ExitCode: 137 }, {}, { outOfMemory: true }],
    ['of an engine that doesn’t tell', {}, null, { outOfMemory: false, address: undefined }],
    [
      'without a check',
      { Health: null },
      {},
      { health: undefined, wasChecked: false, healthOutput: undefined },
    ],
    [
      'without a check, as Podman has it',
      { Health: { Status: '', Log: null } },
      {},
      { health: undefined },
    ],
    ['whose check is turned off', { Health: { Status: 'none' } }, {}, { health: undefined }],
    [
      'whose check has failed',
      { Health: { Status: 'unhealthy', Log: [{ Output: 'a' }, { Output: ' no database\n' }] } },
      {},
      { health: 'unhealthy', wasChecked: true, healthOutput: 'no database' },
    ],
    ['with an address', {}, { IPAddress: '172.17.0.2' }, { address: '172.17.0.2' }],
    [
      'with an address, as Engine 29 has it',
      {},
      { Networks: { bridge: { IPAddress: '172.17.0.3' } } },
      { address: '172.17.0.3' },
    ],
    ['without a network', {}, { IPAddress: '', Networks: {} }, { address: undefined }],
  ])('is looked at: one %s', async (_what, State, NetworkSettings, wanted) => {
    answers['GET /containers/ID/json'] = json({
      State: { Running: true, ExitCode: 0, ...State },
      NetworkSettings,
    });
    expect(await (await create()).inspect()).toMatchObject({ running: true, ...wanted });
  });
});

describe('the files of a container', () => {
  const stat = { name: 'é', size: 5, mode: 0o755, mtime: 'x', linkTarget: '' };
  const header = Buffer.from(JSON.stringify(stat)).toString('base64');

  it('are read, or undefined if missing', async () => {
    const container = await create();
    answers['HEAD /containers/ID/archive'] = (_request, response) =>
      void response.writeHead(200, { 'X-Docker-Container-Path-Stat': header }).end();
    const { name, size, mode, linkTarget } = stat;
    expect(await container.stat('/a b/é')).toEqual({ name, size, mode, linkTarget });
    expect(asked.at(-1)).toBe('HEAD /containers/ID/archive?path=%2Fa%20b%2F%C3%A9');
    answers['HEAD /containers/ID/archive'] = empty(404);
    expect(await container.stat('/a')).toBeUndefined();
  });

  it('that cannot be read fail with the reason from a second request', async () => {
    const container = await create();
    answers['HEAD /containers/ID/archive'] = empty(500);
    answers['GET /containers/ID/archive'] = json({ message: 'too many links in /a' }, 500);
    await expect(container.stat('/a')).rejects.toMatchObject({
      kind: 'builder',
      message: 'taking /a out of the builder: too many links in /a',
    });
    answers['GET /containers/ID/archive'] = empty(200);
    await expect(container.stat('/a')).rejects.toMatchObject({ code: 'ENGINE_NO_REASON' });
  });

  it('come as a stream', async () => {
    answers['GET /containers/ID/archive'] = (_request, response) => void response.end('a tar');
    expect(await text(await (await create()).archive('/a'))).toBe('a tar');
  });
});

describe('a container is removed', () => {
  it('with its volumes, whether it runs or not', async () => {
    answers['DELETE /containers/ID'] = empty(204);
    await (await create()).remove();
    expect(asked.at(-1)).toBe('DELETE /containers/ID?force=1&v=1');
  });

  it('once: a missing one counts as removed', async () => {
    await (await create()).remove();
    expect(asked.filter((one) => one.startsWith('DELETE'))).toHaveLength(1);
  });

  it('at last, by an engine that couldn’t at first', async () => {
    const container = await create();
    let times = 0;
    answers['DELETE /containers/ID'] = (request, response, body) => {
      if (++times < 3) json({ message: 'device or resource busy' }, 500)(request, response, body);
      else empty(204)(request, response, body);
    };
    await container.remove();
    expect(times).toBe(3);
  });

  it('by an engine that was unreachable for a moment', async () => {
    const container = await create();
    answers['DELETE /containers/ID'] = empty(204);
    server.close();
    server.closeAllConnections();
    const removing = container.remove();
    await new Promise((resolve) => setTimeout(resolve, 700));
    await listen();
    await removing;
    expect(asked.at(-1)).toBe('DELETE /containers/ID?force=1&v=1');
  });
});
