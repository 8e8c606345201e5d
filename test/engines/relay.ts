/** Two ends of a connection that a test stands in between. */
import type { Duplex } from 'node:stream';

/** When one end is gone, so is the other; what a server sent before its regular end still reaches the client. */
export function closeTogether(client: Duplex, server: Duplex): void {
  for (const socket of [client, server]) socket.on('error', () => undefined);
  client.on('close', () => server.destroy());
  server.on('close', () => {
    if (!server.readableEnded) client.destroy();
  });
}
