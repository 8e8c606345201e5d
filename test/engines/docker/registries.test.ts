import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dockerEngine } from '../../../src/engine/docker/docker-engine.js';
import {
  cleanUp,
  connectTo,
  contextOf,
  engines,
  logsOf,
  options,
  uniqueTag,
  variants,
} from '../engines.js';

/** A registry that writes down what it is told, in front of the one without a login. */
interface Watched {
  readonly address: string;
  /** The Authorization headers of all requests, `none` for those without. */
  readonly seen: string[];
  close(): void;
}

const servers: Watched[] = [];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rm(folder, { recursive: true, force: true });
});

async function watch(
  refuse: (incoming: IncomingMessage, outgoing: ServerResponse, self: string) => boolean,
): Promise<Watched> {
  const seen: string[] = [];
  const [host = '', port] = engines.registry.address.split(':');
  const server = createServer((incoming, outgoing) => {
    seen.push(incoming.headers.authorization ?? 'none');
    if (refuse(incoming, outgoing, incoming.headers.host ?? '')) return;
    const { method, url: path, headers } = incoming;
    const onward = request({ host, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const watched = { address, seen, close: () => void server.close() };
  servers.push(watched);
  return watched;
}

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

/** Refuses whoever has not this user and password. */
const wantsPassword =
  (login: string) =>
  (incoming: IncomingMessage, outgoing: ServerResponse): boolean => {
    if (incoming.headers.authorization === basic(login)) return false;
    outgoing.writeHead(401, { 'WWW-Authenticate': 'Basic realm="test"' }).end('{"errors":[]}');
    return true;
  };

/** Refuses whoever has no token; tokens are for this user and password, at the same address. */
const wantsToken =
  (login: string) =>
  (incoming: IncomingMessage, outgoing: ServerResponse, self: string): boolean => {
    const { authorization } = incoming.headers;
    if (incoming.url?.startsWith('/token')) {
      const body: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => body.push(chunk));
      incoming.on('end', () => {
        const [username, password] = login.split(':');
        const form = new URLSearchParams(Buffer.concat(body).toString());
        const byForm = form.get('username') === username && form.get('password') === password;
        if (authorization === basic(login) || byForm)
          outgoing
            .writeHead(200, { 'Content-Type': 'application/json' })
            .end('{"token":"secret-token","access_token":"secret-token","expires_in":300}');
        else outgoing.writeHead(401).end('{}');
      });
      return true;
    }
    if (authorization === 'Bearer secret-token') return false;
    const challenge = `Bearer realm="http://${self}/token",service="test",scope="repository:base:pull"`;
    outgoing.writeHead(401, { 'WWW-Authenticate': challenge }).end('{"errors":[]}');
    return true;
  };

// Docker takes plain HTTP from any port of this machine; Podman wants each one in its configuration.
const dockers = variants.filter(({ podman }) => !podman);

describe.each(dockers)('credentials for two registries, with $name', (variant) => {
  afterAll(() => cleanUp(variant.host));

  const build = async (bases: readonly string[], auths: object): Promise<string> => {
    await writeFile(join(folder, 'config.json'), JSON.stringify({ auths }));
    const env = { ...variant.env, DOCKER_CONFIG: folder };
    const stages = bases.map(
      (base, index) => `FROM ${base} AS s${index}\nRUN echo in stage ${index}\n`,
    );
    const copies = bases.map((_, index) => `COPY --from=s${index} /bin/sh /sh${index}\n`);
    const Dockerfile = `${stages.join('')}FROM scratch\n${copies.join('')}`;
    const asked = options({ tags: [uniqueTag()], noCache: true, pull: true });
    const engine = dockerEngine(await connectTo(env), { env, stdout: process.stdout });
    await engine({ stream: Readable.from([await contextOf({ Dockerfile })]) }, asked);
    return logsOf(asked.events);
  };

  it('are shown to their own registry alone', async () => {
    const one = await watch(wantsPassword('anna:first'));
    const two = await watch(wantsPassword('otto:second'));
    const auths = {
      [one.address]: { auth: Buffer.from('anna:first').toString('base64') },
      [two.address]: { auth: Buffer.from('otto:second').toString('base64') },
    };
    const text = await build([`${one.address}/base`, `${two.address}/base`], auths);
    expect(text).toContain('in stage 1');
    expect(new Set(one.seen)).toEqual(new Set(['none', basic('anna:first')]));
    expect(new Set(two.seen)).toEqual(new Set(['none', basic('otto:second')]));
  });

  it('are not shown to a registry that has none of its own', async () => {
    const open = await watch(() => false);
    const auths = { 'other.example': { auth: Buffer.from('anna:first').toString('base64') } };
    await build([`${open.address}/base`], auths);
    expect(new Set(open.seen)).toEqual(new Set(['none']));
  });

  it('are exchanged for a token where the registry wants one', async () => {
    const registry = await watch(wantsToken('anna:first'));
    const auths = { [registry.address]: { auth: Buffer.from('anna:first').toString('base64') } };
    expect(await build([`${registry.address}/base`], auths)).toContain('in stage 0');
    expect(registry.seen).toContain('Bearer secret-token');
  });
});
