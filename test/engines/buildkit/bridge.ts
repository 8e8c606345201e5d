/**
 * BuildKit of a Docker Engine without the engine: a socket whose connections lead to the engine's endpoint `/grpc`, which speaks
 * HTTP/2 after an upgrade. A builder of buildx with the driver `remote` connects to it, and so does buildctl.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { connectTo } from '../engines.js';
import { closeTogether } from '../relay.js';

export interface RemoteBuildKit {
  /** `tcp://127.0.0.1:PORT` */
  readonly address: string;
  /** Closes all connections, as the end of buildkitd does, and accepts no more. */
  close(): Promise<void>;
}

export interface BridgeOptions {
  /** Requires TLS. */
  readonly tls?: TlsOptions;
  /** Called with each direction of a connection: may cut it. */
  readonly onData?: (direction: 'in' | 'out', bytes: number, cut: () => void) => void;
}

/** Listens until it is closed. If the engine refuses the upgrade, the client's connection is closed. */
export async function serveBuildKit(
  host: string,
  { tls, onData }: BridgeOptions = {},
): Promise<RemoteBuildKit> {
  const connection = await connectTo({ DOCKER_HOST: host });
  const sockets = new Set<Duplex>();
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  const bridge = async (socket: Socket): Promise<void> => {
    const engine = await connection.upgrade({ method: 'POST', path: '/grpc' }, 'h2c');
    sockets.add(engine.on('close', () => sockets.delete(engine)));
    socket.on('data', (chunk: Buffer) => onData?.('in', chunk.length, cut));
    engine.on('data', (chunk: Buffer) => onData?.('out', chunk.length, cut));
    socket.pipe(engine).pipe(socket);
    closeTogether(socket, engine);
  };
  const onConnection = (socket: Socket): void => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => undefined));
    bridge(socket).catch(() => socket.destroy());
  };
  const server =
    tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `tcp://127.0.0.1:${port}`,
    async close() {
      cut();
      await once(server.close(), 'close');
    },
  };
}
