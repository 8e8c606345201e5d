/** Endpoints in front of an engine, or in its place, that fail in ways an engine can't be made to. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeTogether } from '../relay.js';

/** A socket that passes everything on to an engine until it is cut. */
export interface Proxy {
  /** For DOCKER_HOST. */
  readonly host: string;
  /** Resolves when so many bytes of a build's context have passed. */
  sent(bytes: number): Promise<void>;
  /** Closes all connections, as the end of a process does, and takes no more. */
  cut(): void;
  close(): Promise<void>;
}

/**
 * What becomes of one connection, by how its request begins: all connections are cut, nothing is passed on, an error is
 * the answer, or the answer ends in order after so many bytes.
 */
export type Fault = 'cut' | 'stall' | 'refuse' | { readonly endAfter: number };

/** @param faultOf the fault of a connection. @default none */
export async function startProxy(
  target: string,
  faultOf: (head: string) => Fault | undefined = () => undefined,
): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const waiting = new Set<{ readonly bytes: number; readonly resolve: () => void }>();
  let sent = 0;
  const server = createServer((client) => {
    const engine = connect(target.replace('unix://', ''));
    let builds = false;
    client.once('data', (chunk: Buffer) => {
      const fault = faultOf(chunk.toString('latin1', 0, 200));
      if (fault === 'cut') cut();
      else if (fault === 'refuse') client.end(REFUSAL);
      else if (fault !== 'stall') {
        engine.write(chunk);
        client.pipe(engine);
        if (fault === undefined) engine.pipe(client);
        else passPart(engine, client, fault.endAfter);
      }
    });
    client.on('data', (chunk: Buffer) => {
      builds ||= /^POST (?:\/v[\d.]+)?\/(?:build|session)/.test(chunk.toString('latin1', 0, 64));
      if (!builds) return;
      sent += chunk.length;
      for (const one of waiting) if (sent >= one.bytes) one.resolve();
    });
    sockets.add(client).add(engine);
    closeTogether(client, engine);
  });
  const { host, close } = await listen(server);
  const cut = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    host,
    cut,
    sent: (bytes) =>
      new Promise((resolve) => {
        if (sent >= bytes) resolve();
        else waiting.add({ bytes, resolve });
      }),
    async close() {
      cut();
      await close();
    },
  };
}

const REFUSAL =
  'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 17\r\nConnection: close\r\n\r\n{"message":"no!"}';

function passPart(engine: Socket, client: Socket, bytes: number): void {
  let left = bytes;
  engine.on('data', (chunk: Buffer) => {
    client.write(chunk.subarray(0, left));
    left = Math.max(0, left - chunk.length);
    if (left > 0) return;
    engine.pause();
    client.end();
  });
}

/** Something that answers HTTP as it likes. */
export async function startServer(
  answer: RequestListener,
): Promise<{ readonly host: string; close(): Promise<void> }> {
  const server = createHttpServer(answer);
  const { host, close } = await listen(server);
  return {
    host,
    async close() {
      server.close();
      server.closeAllConnections();
      await close();
    },
  };
}

async function listen(server: Server): Promise<{ host: string; close: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  const path = join(folder, 'engine.sock');
  server.listen(path);
  await once(server, 'listening');
  return {
    host: `unix://${path}`,
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
