/** How docker ends its plugin: it closes a socket. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../../bin/dockerception.js', import.meta.url));

let folder: string;
let server: Server;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-test-'));
  symlinkSync(BIN, join(folder, 'docker-ception'));
  server = createServer().listen(join(folder, 'docker.sock'));
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a filter that waits for its input. */
function start(): ChildProcess {
  return spawn(process.execPath, [join(folder, 'docker-ception'), 'ception', 'filter'], {
    env: {
      PATH: process.env['PATH'],
      DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND: 'docker',
      DOCKER_CLI_PLUGIN_SOCKET: join(folder, 'docker.sock'),
    },
  });
}

async function connection(): Promise<Socket> {
  const [socket] = (await once(server, 'connection')) as [Socket];
  return socket;
}

it('ends as by SIGTERM when docker closes its socket', async () => {
  const plugin = start();
  const connected = await connection();
  connected.destroy();
  expect(await once(plugin, 'close')).toEqual([143, null]);
});

it('ends by the signal that docker has received, too', async () => {
  const plugin = start();
  const connected = await connection();
  connected.destroy();
  plugin.kill('SIGINT');
  expect(await once(plugin, 'close')).toEqual([130, null]);
});

it('does not wait for docker when its work is done', async () => {
  const plugin = start();
  await connection();
  plugin.stdin?.end('no tar');
  expect(await once(plugin, 'close')).toEqual([3, null]);
});
