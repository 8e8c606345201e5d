import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { build } from '../../../src/engine/docker/build.js';
import { Connection } from '../../../src/engine/docker/connection.js';
import { resolveEndpoint } from '../../../src/engine/docker/endpoint.js';
import { bytesOf } from './fixtures.js';

/**
 * Engines that do what no real one does when asked: these faults can't be provoked. What is said on the
 * wire is all there is, so the engine is a socket.
 */
let folder: string;
let server: Server | undefined;
const sockets = new Set<Socket>();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Listens, and calls `play` with each connection; resolves with what connects to it. */
async function engine(play: (socket: Socket) => void): Promise<Connection> {
  const path = join(folder, 'engine.sock');
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    play(socket);
  }).listen(path);
  await once(server, 'listening');
  return new Connection(await resolveEndpoint({ DOCKER_HOST: `unix://${path}` }, folder), {});
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const ID = `sha256:${'a'.repeat(64)}`;
const AUX = `{"aux":{"ID":"${ID}"}}\n`;

function run(
  connection: Connection,
  stream: Readable,
  signal = new AbortController().signal,
): Promise<string> {
  return build(
    connection,
    { stream },
    { report: () => {}, signal },
    { query: 'version=1', hint: 'look at the log', built: () => undefined },
  );
}

/** Calls `then` when the whole body of a request has come, the terminating chunk included. */
function afterBody(socket: Socket, then: () => void): void {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString('latin1')).slice(-1000);
    if (text.endsWith('\r\n0\r\n\r\n')) then();
  });
}

describe('a build', () => {
  it.each([1, 7, 1000])(
    'sends a body in chunks of %i bytes and reads such an answer',
    async (size) => {
      const answer = bytesOf('docker20-classic');
      const connection = await engine((socket) =>
        afterBody(socket, () => {
          socket.write(`${OK}Connection: close\r\n\r\n`);
          for (let at = 0; at < answer.length; at += size)
            socket.write(answer.subarray(at, at + size));
          socket.end();
        }),
      );
      const body = Buffer.alloc(3000, 'x');
      const chunks = Array.from({ length: Math.ceil(3000 / size) }, (_, i) =>
        body.subarray(i * size, (i + 1) * size),
      );
      expect(await run(connection, Readable.from(chunks))).toMatch(/^sha256:62df625c4dda/);
    },
  );

  it('reads no faster from the context than the engine does', async () => {
    const connection = await engine((socket) => socket.pause());
    let read = 0;
    const stream = new Readable({
      read() {
        read += 65536;
        this.push(Buffer.alloc(65536));
      },
    });
    const controller = new AbortController();
    const building = run(connection, stream, controller.signal);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(read).toBeLessThan(4 << 20);
    controller.abort(new Error('enough'));
    await expect(building).rejects.toThrow('enough');
  });

  it('whose context fails does not end: the engine receives no terminating chunk', async () => {
    let text = '';
    const closed = new Promise<void>((resolve) => {
      void engine((socket) => {
        socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
        socket.on('close', () => resolve());
      }).then(async (connection) => {
        const stream = new PassThrough();
        stream.write('abc');
        const building = run(connection, stream);
        building.catch(() => {});
        setTimeout(() => stream.destroy(new Error('broken')), 50);
        await expect(building).rejects.toThrow('broken');
      });
    });
    await closed;
    expect(text).toContain('3\r\nabc\r\n');
    expect(text).not.toContain('0\r\n\r\n');
  });

  it('whose context has already failed is an error at once', async () => {
    const connection = await engine(() => {});
    const stream = new PassThrough();
    stream.on('error', () => {});
    stream.destroy(new Error('broken before'));
    await new Promise((resolve) => stream.once('close', resolve));
    await expect(run(connection, stream)).rejects.toThrow('broken before');
    const silent = new PassThrough();
    silent.destroy();
    await once(silent, 'close');
    await expect(run(connection, silent)).rejects.toThrow('closed early');
  });

  it('that is refused before the context was sent fails with the reason, not a broken pipe', async () => {
    const reason = '{"message":"no space left on device"}';
    const head = `HTTP/1.1 500 Internal Server Error\r\nContent-Length: ${reason.length}\r\nConnection: close\r\n\r\n`;
    const connection = await engine((socket) =>
      socket.once('data', () => {
        socket.pause();
        socket.end(head + reason);
        setTimeout(() => socket.destroy(), 20);
      }),
    );
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(65536));
      },
    });
    await expect(run(connection, endless)).rejects.toMatchObject({
      kind: 'build',
      message: 'building the image: no space left on device',
    });
    expect(endless.destroyed).toBe(true);
  });

  it('that fails in the middle of the context fails with the message of the engine', async () => {
    const connection = await engine((socket) =>
      socket.once('data', () => {
        socket.pause();
        socket.end(`${OK}Connection: close\r\n\r\n{"errorDetail":{"message":"bad header"}}\n`);
        setTimeout(() => socket.destroy(), 20);
      }),
    );
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(65536));
      },
    });
    await expect(run(connection, endless)).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      message: 'building the image: bad header',
    });
  });

  it('that the engine has finished still waits for the end of the context', async () => {
    const play = (socket: Socket): void =>
      void socket.once('data', () => socket.end(`${OK}Connection: close\r\n\r\n${AUX}`));
    const connection = await engine(play);
    const good = new PassThrough();
    good.write('x');
    const building = run(connection, good);
    let settled = false;
    void building.then(() => (settled = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(settled).toBe(false);
    good.end(Buffer.alloc(1 << 20));
    expect(await building).toBe(ID);

    const bad = new PassThrough();
    bad.write('x');
    const failing = run(connection, bad);
    setTimeout(() => bad.destroy(new Error('cut after all')), 100);
    await expect(failing).rejects.toThrow('cut after all');
  });

  it.each<[string, string, object]>([
    [
      'ends without an ID',
      `${OK}Connection: close\r\n\r\n{"stream":"Successfully built 1"}\n`,
      { kind: 'build', code: 'BUILD_NO_IMAGE' },
    ],
    [
      'is nothing but a status',
      'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n',
      { kind: 'build', code: 'ENGINE_NO_REASON', hint: 'look at the log' },
    ],
    [
      'is cut in a chunk',
      `${OK}Transfer-Encoding: chunked\r\n\r\nff\r\n${AUX}`,
      { kind: 'engine', code: 'ENGINE_GONE' },
    ],
    ['is nothing at all', '', { kind: 'engine', code: 'ENGINE_GONE' }],
    [
      'is a page of something else',
      `${OK}Connection: close\r\n\r\n<html>\n`,
      { kind: 'engine', code: 'ENGINE_ANSWER' },
    ],
    ['is no HTTP', 'SSH-2.0-OpenSSH\r\n', { kind: 'engine' }],
    [
      'is an error behind an ID',
      `${OK}Connection: close\r\n\r\n${AUX}{"error":"tagging failed"}\n`,
      { kind: 'build', message: 'building the image: tagging failed' },
    ],
  ])('whose answer %s is an error', async (_name, answer, error) => {
    const connection = await engine((socket) => afterBody(socket, () => socket.end(answer)));
    await expect(run(connection, Readable.from([Buffer.from('tar')]))).rejects.toMatchObject(error);
  });

  it('that is aborted rejects with the reason, and closes the connection', async () => {
    let closed: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const connection = await engine((socket) => {
      socket.resume();
      socket.on('close', () => closed?.());
    });
    const controller = new AbortController();
    const stream = new PassThrough();
    stream.write('x');
    const building = run(connection, stream, controller.signal);
    setTimeout(() => controller.abort(new Error('interrupted')), 50);
    await expect(building).rejects.toThrow('interrupted');
    await gone;
    expect(stream.destroyed).toBe(true);
  });
});
