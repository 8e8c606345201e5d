/** Registries that go away, with the patience that the command line has. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addImage, type FakeRegistry, fakeRegistry, sha256 } from '../../image/registry/fake.js';
import { engines, run, type Variant, variants } from '../engines.js';
import { closeTogether } from '../relay.js';
import { expectFailure, imageIdOf, openShell, type Outcome, type Shell } from '../support.js';
import { create } from '../tar.js';

let shell: Shell;
beforeAll(async () => {
  shell = await openShell(variants[0] as Variant);
});
afterAll(() => shell.close());

/** Builds with `size` bytes that don't shrink. */
async function build(args: readonly string[], from: string, size = 10): Promise<Outcome> {
  const entries = [
    { name: 'Dockerfile', content: `FROM ${from}\nCOPY app /app\n` },
    { name: 'app', content: randomBytes(size) },
  ];
  const env = { XDG_CACHE_HOME: join(shell.folder, 'cache'), DOCKER_CONFIG: shell.folder };
  const input = await create(entries);
  return shell.tool(['--engine', 'embedded', '-q', '--platform', 'linux/amd64', ...args], {
    input,
    env,
  });
}

/** The real registry, behind connections that break off while something large is sent. */
class Unreliable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections to break off once this much has passed, in bytes. */
  breaks = 0;

  constructor() {
    const [host = '', port] = engines.registry.address.split(':');
    this.#server = createServer((client) => {
      const registry = connect(Number(port), host);
      let sent = 0;
      client.on('data', (chunk: Buffer) => {
        sent += chunk.length;
        if (sent < 1 << 20 || this.breaks === 0) return;
        this.breaks--;
        client.destroy();
      });
      this.#sockets.add(client).add(registry);
      closeTogether(client, registry);
      client.pipe(registry).pipe(client);
    });
  }

  async open(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

describe('a push to a registry whose connections break off', () => {
  let unreliable: Unreliable;
  let address: string;
  beforeAll(async () => {
    unreliable = new Unreliable();
    address = await unreliable.open();
  });
  afterAll(() => unreliable.close());

  it('in the middle goes on, and crane finds valid what is there', async () => {
    const name = `${shell.name()}:1`;
    unreliable.breaks = 2;
    const pushed = await build(['--push', '-t', `${address}/${name}`], 'scratch', 4 << 20);
    imageIdOf(pushed);
    expect(unreliable.breaks).toBe(0);
    const remote = `${engines.registry.address}/${name}`;
    await run(engines.crane, ['validate', '--insecure', '--remote', remote]);
  });

  it('always fails, with no tag at any registry and no file', async () => {
    // Behind both is one registry, which needs no blob twice in one repository.
    const [whole, broken] = [`${shell.name()}:1`, `${shell.name()}:1`];
    unreliable.breaks = Infinity;
    const names = ['-t', `${engines.registry.address}/${whole}`, '-t', `${address}/${broken}`];
    const failed = await build(['--push', ...names, '-o', 'image.tar'], 'scratch', 4 << 20);
    expectFailure(
      failed,
      5,
      new RegExp(`pushing ${address}/${broken}: .*it closed the connection`),
    );
    for (const name of [whole, broken])
      await expect(
        run(engines.crane, ['digest', '--insecure', `${engines.registry.address}/${name}`]),
      ).rejects.toThrow(/MANIFEST_UNKNOWN|NAME_UNKNOWN/);
    expect(await readdir(shell.folder)).not.toContain('image.tar');
  });
});

describe('a base of a registry whose connections break off', () => {
  let registry: FakeRegistry;
  afterEach(() => registry.close());

  it('always fails, and leaves nothing of the layer', async () => {
    registry = await fakeRegistry();
    const layer = await create([{ name: 'base', content: randomBytes(1 << 20) }]);
    addImage(registry, 'app', '1', [layer]);
    let asked = 0;
    registry.hook = ({ url = '' }, response) => {
      if (!url.endsWith(sha256(layer))) return false;
      asked++;
      response.writeHead(200, { 'Content-Length': String(layer.length) });
      response.write(layer.subarray(0, 70_000), () => response.destroy());
      return true;
    };
    const failed = await build(['-o', 'image.tar'], `${registry.address}/app:1`);
    const why = new RegExp(`pulling ${registry.address}/app:1: .*it closed the connection`);
    expectFailure(failed, 5, why);
    expect(asked).toBe(5);
    expect(await readdir(shell.folder)).not.toContain('image.tar');
    const left = await readdir(join(shell.folder, 'cache'), { recursive: true });
    const names = left.map((path) => path.split('/').at(-1) ?? '');
    expect(names.filter((name) => name.includes('.partial'))).toEqual([]);
    expect(names).not.toContain(sha256(layer).replace('sha256:', ''));
  });
});
