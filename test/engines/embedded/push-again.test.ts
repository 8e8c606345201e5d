/** An image that is pushed again after a small change uploads the layer that changed, and no other. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from '../../support/process/cli.js';
import { engines, uniqueTag } from '../engines.js';

const LIBRARY = 10_000_000;
const DOCKERFILE = [
  'FROM scratch',
  'WORKDIR /app',
  'COPY lib /app/lib/',
  'COPY bin/app /app/bin/',
  'COPY lib/notice /app/bin/',
  '',
].join('\n');

let folder = '';
let proxy: Server;
/** Bytes that went to the registry. */
let sent = 0;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-push-again-'));
  const [host, port] = engines.registry.address.split(':') as [string, string];
  const sockets = new Set<Socket>();
  proxy = createServer((client) => {
    const server = connect(Number(port), host);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => sockets.forEach((one) => one.destroy()));
    }
    client.on('data', (bytes) => (sent += bytes.length));
    client.pipe(server).pipe(client);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await new Promise((resolve) => proxy.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

it('uploads only the layer of the file that changed beside one of 10 MB', async () => {
  const context = join(folder, 'context');
  const write = (name: string, content: string | Buffer, time: number): void => {
    const path = join(context, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
    utimesSync(path, time, time);
    // Writing a file into a folder dates the folder.
    utimesSync(join(path, '..'), 1_600_000_000, 1_600_000_000);
  };
  const address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const push = async (tag: string): Promise<number> => {
    sent = 0;
    const result = await run(['-q', '--push', '-t', tag, context], {});
    expect(result).toMatchObject({ code: 0, stderr: '' });
    return sent;
  };
  write('Dockerfile', DOCKERFILE, 1_700_000_000);
  write('lib/large', randomBytes(LIBRARY), 1_700_000_000);
  write('lib/notice', 'notice', 1_700_000_000);
  write('bin/app', randomBytes(100_000), 1_700_000_000);
  const name = `${address}/${uniqueTag()}`;
  expect(await push(`${name}:1`)).toBeGreaterThan(LIBRARY);
  write('bin/app', randomBytes(100_000), 1_700_000_100);
  const again = await push(`${name}:2`);
  expect(again).toBeGreaterThan(100_000);
  expect(again).toBeLessThan(120_000);
  // What is in no layer changes none.
  write('other', 'other', 1_700_000_200);
  expect(await push(`${name}:3`)).toBeLessThan(20_000);
}, 60_000);
