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
  /** `tcp://127.0.0.1:PORT`, or `unix://PATH` */
  readonly address: string;
  /** Closes all connections, as the end of buildkitd does, and accepts no more. */
  close(): Promise<void>;
}

/** `in` leads to BuildKit, `out` to its client. */
export type Direction = 'in' | 'out';

/** What may happen to all connections. */
interface Faults {
  /** Closes both ends. */
  readonly cut: () => void;
  /** Ends one direction; the other stays. */
  readonly end: (direction: Direction) => void;
  /** Forwards no more, and closes nothing. */
  readonly stall: () => void;
}

export interface BridgeOptions {
  /** Requires TLS. */
  readonly tls?: TlsOptions;
  /** A path to listen at. @default a port */
  readonly path?: string;
  /** Called with all bytes of a direction so far, the last of which are not forwarded yet. */
  readonly onData?: (direction: Direction, bytes: number, faults: Faults) => void;
}

/** Listens until it is closed. If the engine refuses the upgrade, the client's connection is closed. */
export async function serveBuildKit(
  host: string,
  { tls, path, onData }: BridgeOptions = {},
): Promise<RemoteBuildKit> {
  const connection = await connectTo({ DOCKER_HOST: host });
  const pairs = new Set<Readonly<Record<Direction, Duplex>>>();
  const sockets = new Set<Duplex>();
  const faults: Faults = {
    cut: () => sockets.forEach((socket) => socket.destroy()),
    end: (direction) =>
      pairs.forEach((pair) => {
        pair[direction === 'in' ? 'out' : 'in'].unpipe().resume();
        pair[direction].end();
      }),
    stall: () =>
      pairs.forEach((pair) => [pair.in, pair.out].forEach((socket) => socket.unpipe().pause())),
  };
  const counts = { in: 0, out: 0 };
  const bridge = async (socket: Socket): Promise<void> => {
    const engine = await connection.upgrade({ method: 'POST', path: '/grpc' }, 'h2c');
    sockets.add(engine.on('close', () => sockets.delete(engine)));
    // Each by the direction in which it is written.
    pairs.add({ in: engine, out: socket });
    const count = (direction: Direction) => (chunk: Buffer) =>
      onData?.(direction, (counts[direction] += chunk.length), faults);
    socket.on('data', count('in'));
    engine.on('data', count('out'));
    socket.pipe(engine).pipe(socket);
    closeTogether(socket, engine);
  };
  const onConnection = (socket: Socket): void => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => undefined));
    bridge(socket).catch(() => socket.destroy());
  };
  const server =
    tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection);
  await once(path === undefined ? server.listen(0, '127.0.0.1') : server.listen(path), 'listening');
  const address = server.address() as AddressInfo | string;
  return {
    address: typeof address === 'string' ? `unix://${address}` : `tcp://127.0.0.1:${address.port}`,
    async close() {
      faults.cut();
      await once(server.close(), 'close');
    },
  };
}
