/**
 * BuildKit of a Docker Engine for a builder of buildx with the driver `remote`: a TCP socket whose
 * connections lead to the engine's endpoint `/grpc`, which speaks HTTP/2 after an upgrade.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { connectTo } from './engines.js';

export interface RemoteBuildKit {
  /** `tcp://127.0.0.1:PORT` */
  readonly address: string;
  close(): Promise<void>;
}

/** Listens until it is closed; an engine that refuses the upgrade breaks the client's connection. */
export async function serveBuildKit(host: string): Promise<RemoteBuildKit> {
  const connection = await connectTo({ DOCKER_HOST: host });
  const sockets = new Set<Socket>();
  const bridge = async (socket: Socket): Promise<void> => {
    const engine = await connection.upgrade({ method: 'POST', path: '/grpc' }, 'h2c');
    await pipeline(socket, engine, socket);
  };
  const server = createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)));
    // A client that goes is no error of the bridge; one that is refused fails by itself.
    bridge(socket).catch(() => socket.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `tcp://127.0.0.1:${port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), 'close');
    },
  };
}
