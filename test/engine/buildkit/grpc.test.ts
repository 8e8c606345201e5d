import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { setImmediate as tick } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  GrpcClient,
  GrpcError,
  type GrpcMethods,
  serveGrpc,
} from '../../../src/engine/buildkit/grpc.js';
import { BytesMessage } from '../../../src/engine/buildkit/messages.js';

/** What an HTTP/2 client sends first (RFC 9113, section 3.4), and an empty SETTINGS frame. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');

describe('a gRPC server on an open connection', () => {
  let server: Server;
  let near: Socket;
  let far: Socket;
  let client: ClientHttp2Session | undefined;
  beforeEach(async () => {
    client = undefined;
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    far = connect(port, '127.0.0.1');
    [near] = (await once(server, 'connection')) as [Socket];
    far.on('error', () => undefined);
  });
  afterEach(() => {
    client?.destroy();
    far.destroy();
    near.destroy();
    server.close();
  });

  const call = async (path: string, message: Buffer): Promise<{ body: Buffer; status: string }> => {
    client ??= connectHttp2('http://engine', { createConnection: () => far });
    const stream = client.request({ ':method': 'POST', ':path': path });
    let status = '';
    stream.on('trailers', (trailers: Record<string, string>) => {
      status = String(trailers['grpc-status']);
    });
    const prefix = Buffer.from([0, 0, 0, 0, message.length]);
    stream.end(Buffer.concat([prefix, message]));
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
    return { body: Buffer.concat(chunks).subarray(5), status };
  };

  it('answers a call with a message, and an unknown one with UNIMPLEMENTED', async () => {
    const double = (request: Buffer): Buffer => Buffer.concat([request, request]);
    serveGrpc(near, { unary: new Map([['/a.B/C', double]]) });
    expect(await call('/a.B/C', Buffer.from('xy'))).toEqual({
      body: Buffer.from('xyxy'),
      status: '0',
    });
    expect((await call('/a.B/D', Buffer.alloc(0))).status).toBe('12');
  });

  it('lets the client send 4 MiB before they are read', async () => {
    serveGrpc(near, { unary: new Map([['/a.B/C', (request) => request]]) });
    await call('/a.B/C', Buffer.from('x'));
    expect(client?.remoteSettings.initialWindowSize).toBe(4 << 20);
    expect(client?.state.remoteWindowSize).toBeGreaterThan(4_000_000);
  });

  it('closes, even twice, at once after it was opened on a socket with unread bytes', async () => {
    near.unshift(PREFACE);
    const close = serveGrpc(near, { unary: new Map() });
    close();
    close();
    for (let ticks = 0; ticks < 5; ticks++) await tick();
    expect(near.destroyed).toBe(true);
  });

  describe('called by GrpcClient', () => {
    const empty = { unary: new Map() };
    const messages = async (path: string, methods: GrpcMethods): Promise<string[]> => {
      serveGrpc(near, methods);
      const caller = new GrpcClient(far);
      const taken: string[] = [];
      try {
        const request = BytesMessage.encode({ data: Buffer.from('?') });
        await caller.call(path, request, (message) =>
          taken.push(BytesMessage.parse(message).data.toString()),
        );
        return taken;
      } finally {
        caller.close();
      }
    };
    /** Answers with the bytes of a stream. */
    const streams = (stream: Readable): GrpcMethods => ({
      ...empty,
      streams: new Map([
        ['/a.B/S', (_headers, call) => void pipeline(stream, call.resume(), () => undefined)],
      ]),
    });

    it.each([1, 10, 100_000])('sends all bytes of a stream, in pieces of %i', async (size) => {
      const sent = Array.from({ length: 30 }, (_, i) => String(i % 10).repeat(size));
      const stream = Readable.from(sent.map((text) => Buffer.from(text)));
      expect((await messages('/a.B/S', streams(stream))).join('')).toBe(sent.join(''));
    });

    it('sends a large piece in messages that the other side accepts', async () => {
      const sent = 'x'.repeat(5 << 20);
      const stream = Readable.from([Buffer.from('first'), Buffer.from(sent)]);
      const received = await messages('/a.B/S', streams(stream));
      expect(received.join('')).toBe(`first${sent}`);
      expect(Math.max(...received.map(({ length }) => length))).toBe(1 << 20);
    });

    it.each([new Error('broken'), undefined])(
      'resets the call of a stream that is destroyed with %s',
      async (error) => {
        const stream = new Readable({ read() {} }).on('error', () => undefined);
        stream.push('first');
        setTimeout(() => stream.destroy(error), 50);
        const failing = messages('/a.B/S', streams(stream));
        await expect(failing).rejects.toThrow(/INTERNAL_ERROR|closed/);
        await expect(failing).rejects.not.toBeInstanceOf(GrpcError);
      },
    );

    it('resets the call of a stream that has already failed', async () => {
      const stream = new Readable({ read() {} }).on('error', () => undefined);
      stream.destroy(new Error('broken'));
      await tick();
      await expect(messages('/a.B/S', streams(stream))).rejects.toThrow(/INTERNAL_ERROR|closed/);
    });

    it('resets the call of a stream whose request is damaged, and serves others', async () => {
      let failed: unknown;
      const methods: GrpcMethods = {
        unary: new Map([['/a.B/C', (request) => request]]),
        streams: new Map([
          ['/a.B/S', (_headers, call) => void call.on('error', (error) => (failed = error))],
        ]),
      };
      serveGrpc(near, methods);
      const caller = new GrpcClient(far);
      try {
        await expect(caller.call('/a.B/S', Buffer.from('?'), () => {})).rejects.toThrow();
        expect(failed).toBeInstanceOf(RangeError);
        const taken: string[] = [];
        await caller.call('/a.B/C', Buffer.from('x'), (message) => taken.push(String(message)));
        expect(taken).toEqual(['x']);
      } finally {
        caller.close();
      }
    });

    it('answers a stream with the status that its method throws', async () => {
      const method = (): void => {
        throw new GrpcError(5, 'no such stream');
      };
      const methods = { ...empty, streams: new Map([['/a.B/S', method]]) };
      await expect(messages('/a.B/S', methods)).rejects.toMatchObject({
        status: 5,
        message: 'no such stream',
      });
    });

    it('sends the message of a method that fails, with any characters', async () => {
      const fail = (): Buffer => {
        throw new Error('100 % ünmöglich\nso it is');
      };
      await expect(
        messages('/a.B/C', { unary: new Map([['/a.B/C', fail]]) }),
      ).rejects.toMatchObject({
        status: 2,
        message: '100 % ünmöglich\nso it is',
      });
    });

    it('fails when the server acknowledges nothing', async () => {
      near.resume();
      const silent = new GrpcClient(far, 2000);
      await expect(silent.call('/a.B/C', Buffer.alloc(0), () => undefined)).rejects.toMatchObject({
        code: 'ETIMEDOUT',
      });
    });

    it('waits for a server that acknowledges, but does not answer', async () => {
      const answer = (): Promise<Buffer> =>
        new Promise((resolve) => setTimeout(resolve, 3500, Buffer.from('x')));
      serveGrpc(near, { unary: new Map([['/a.B/C', answer]]) });
      const patient = new GrpcClient(far, 2000);
      let received = '';
      await patient.call('/a.B/C', Buffer.alloc(0), (message) => (received += String(message)));
      expect(received).toBe('x');
      patient.close();
    });

    it('fails when the connection breaks in the middle', async () => {
      setTimeout(() => near.destroy(), 50);
      const hang = (): Promise<Buffer> => new Promise(() => {});
      await expect(messages('/a.B/C', { unary: new Map([['/a.B/C', hang]]) })).rejects.toThrow(
        /closed|reset|hang up/i,
      );
    });
  });
});
