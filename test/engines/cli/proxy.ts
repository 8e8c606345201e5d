/** Endpoints in front of an engine, or in its place, that fail in ways an engine can't be made to. */
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A socket that passes everything on to an engine until it is cut. */
export interface Proxy {
  /** For DOCKER_HOST. */
  readonly host: string;
  /** Resolves when so many bytes of a build's request have passed. */
  sent(bytes: number): Promise<void>;
  /** Closes all connections, as the end of a process does, and takes no more. */
  cut(): void;
  close(): Promise<void>;
}

/** @param cutAt whether it is cut in place of passing on a request that begins so. @default never */
export async function startProxy(
  target: string,
  cutAt: (head: string) => boolean = () => false,
): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const waiting = new Set<{ readonly bytes: number; readonly resolve: () => void }>();
  let sent = 0;
  const server = createServer((client) => {
    const engine = connect(target.replace('unix://', ''));
    let builds = false;
    client.once('data', (chunk: Buffer) => {
      if (cutAt(chunk.toString('latin1', 0, 64))) cut();
    });
    client.on('data', (chunk: Buffer) => {
      builds ||= /^POST (?:\/v[\d.]+)?\/build/.test(chunk.toString('latin1', 0, 64));
      if (!builds) return;
      sent += chunk.length;
      for (const one of waiting) if (sent >= one.bytes) one.resolve();
    });
    for (const socket of [client, engine]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        engine.destroy();
      });
    }
    client.pipe(engine);
    engine.pipe(client);
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
