/** A secret is planted in every place that can hold one; no output of any command may contain it. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// Each command has a process of its own: a secret that one command redacts must not be redacted for the next.
import { run } from '../support/process/cli.js';

const SECRET = 'S3cret-Planted%21';
const DECODED = 'S3cret-Planted!';
const FORMS = [
  'Planted',
  Buffer.from(`me:${DECODED}`).toString('base64'),
  Buffer.from(`me:${SECRET}`).toString('base64'),
  Buffer.from(DECODED).toString('base64').slice(0, -4),
];

/** What a server says that quotes everything that it was sent. */
function echo(request: IncomingMessage): string {
  const { authorization = '', 'proxy-authorization': proxy = '' } = request.headers;
  const registry = [request.headers['x-registry-auth'], request.headers['x-registry-config']];
  const [, basic = ''] = authorization.split(' ');
  const plain = Buffer.from(basic, 'base64').toString();
  return `no: Authorization: ${authorization} ${basic} ${plain} ${proxy} ${registry.join(' ')} ${request.url}`;
}

describe('a secret', () => {
  let folder: string;
  let server: Server;
  let closed: Server;
  let host: string;
  let deaf: string;

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    request.resume();
    const { url = '' } = request;
    const body = JSON.stringify({
      errors: [{ code: 'DENIED', message: echo(request) }],
      message: echo(request),
    });
    if (url.startsWith('/v2/') && request.headers.authorization === undefined)
      response
        .writeHead(401, {
          'WWW-Authenticate': url.includes('token')
            ? `Bearer realm="http://${host}/token",service="x"`
            : 'Basic realm="x"',
        })
        .end(body);
    else if (url.startsWith('/token') && !url.includes('refused'))
      response.writeHead(200).end(JSON.stringify({ token: `${DECODED}-token` }));
    else if (url === '/redirect')
      response.writeHead(302, { Location: `http://me:${SECRET}@${host}/refused` }).end();
    else if (url === '/_ping') response.writeHead(200, { 'Api-Version': '1.41' }).end('OK');
    else if (url.endsWith('/file')) response.writeHead(200).end('content');
    else
      response
        .writeHead(
          403,
          echo(request)
            .replace(/[^ -~]/g, '')
            .slice(0, 200),
        )
        .end(body);
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dockerception-secrets-'));
    server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const other = createSocketServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    deaf = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    other.close();
    closed = createServer(answer).listen(join(folder, 'engine.sock'));
    await once(closed, 'listening');
    const auths = Object.fromEntries(
      [host, `${host}x`].map((name) => [
        name,
        { auth: Buffer.from(`me:${DECODED}`).toString('base64') },
      ]),
    );
    writeFileSync(join(folder, 'auth.json'), JSON.stringify({ auths }));
    const id = createHash('sha256').update('leaky').digest('hex');
    const meta = join(folder, 'config', 'contexts', 'meta', id);
    mkdirSync(meta, { recursive: true });
    const Endpoints = { docker: { Host: `tcp://me:${SECRET}@${deaf}` } };
    writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: 'leaky', Endpoints }));
  });
  afterAll(() => {
    server.close();
    closed.close();
    rmSync(folder, { recursive: true });
  });

  /** Runs it in several displays, and looks at all that it wrote. */
  const expectSilence = async (
    args: readonly string[],
    dockerfile: string,
    env: Record<string, string>,
    codes: readonly number[],
  ): Promise<void> => {
    const context = mkdtempSync(join(folder, 'context-'));
    writeFileSync(join(context, 'Dockerfile'), dockerfile);
    const results = mkdtempSync(join(folder, 'results-'));
    const modes =
      args[0] === 'inspect'
        ? [[]]
        : [
            ['--progress', 'plain'],
            ['--progress', 'rawjson'],
          ];
    for (const mode of modes) {
      const command = [...args, ...mode].map((word) => (word === '.' ? context : word));
      const { code, stdout, stderr } = await run(command, {
        cwd: results,
        env: { DOCKER_BUILDKIT: '0', ...env },
      });
      expect(codes, stderr).toContain(code);
      const base64 = [...stderr.matchAll(/"(?:short|data)":"([^"]*)"/g)].map(([, text = '']) =>
        Buffer.from(text, 'base64').toString(),
      );
      const files = (readdirSync(results, { recursive: true }) as string[])
        .map((name) => join(results, name))
        .filter((name) => name.endsWith('.json') && statSync(name).isFile())
        .map((name) => readFileSync(name, 'utf8'));
      const all = [stdout.toString(), stderr, ...base64, ...files].join('\n');
      for (const form of FORMS) expect(all, args.join(' ')).not.toContain(form);
    }
  };

  const SCRATCH = 'FROM scratch\nCOPY . /\n';
  const NAMED = ['-t', 'app', '.'];

  it.each([
    'ssh://me:SECRET@host',
    'ssh://me:SECRET@host/run/x',
    'ssh://me:SECRET@ho st',
    'ssh://me:SECRET/x@host',
    'tcp://me:SECRET@DEAF',
    'tcp://SECRET@DEAF',
    'me:SECRET@DEAF',
    'tcp://me:SECRET@a b',
    'tcp://me:SECRET/x@a',
    'https://me:SECRET@DEAF',
    'http://me:SECRET@SERVER',
    'gopher://me:SECRET@host',
    'npipe://me:SECRET@host',
  ])('in DOCKER_HOST=%s is in no message', async (address) => {
    const DOCKER_HOST = address
      .replace('SECRET', SECRET)
      .replace('DEAF', deaf)
      .replace('SERVER', host);
    await expectSilence([...NAMED], SCRATCH, { DOCKER_HOST }, [1, 5]);
    await expectSilence(['inspect', 'app'], SCRATCH, { DOCKER_HOST }, [2, 5]);
  });

  it('in the address of a docker context is in no message', async () => {
    const env = { DOCKER_CONFIG: join(folder, 'config'), DOCKER_CONTEXT: 'leaky' };
    await expectSilence(NAMED, SCRATCH, env, [5]);
  });

  it.each([
    'http://me:SECRET@DEAF',
    'http://me:SECRET@SERVER',
    'me:SECRET@DEAF',
    'socks5://me:SECRET@DEAF',
    'http://me:%ZZSECRET@a b',
  ])('in the proxy %s is in no message', async (address) => {
    const proxy = address.replace('SECRET', SECRET).replace('DEAF', deaf).replace('SERVER', host);
    const env = { HTTPS_PROXY: proxy, HTTP_PROXY: proxy };
    await expectSilence(['inspect', 'docker-image://reg.invalid/app'], '', env, [2, 5]);
    await expectSilence(
      ['-o', 'a.tar', '.'],
      'FROM scratch\nADD http://files.invalid/x /\n',
      env,
      [1, 2, 5],
    );
  });

  it.each([
    'http://me:SECRET@SERVER/refused',
    'http://me:SECRET@DEAF/x',
    'http://SERVER/redirect',
    'http://me:SECRET@SERVER/file',
    'https://me:SECRET@SERVER/x.git',
    'http://me:SECRET@a b/x',
  ])('in ADD %s is in no message, progress or metadata', async (address) => {
    const url = address.replace('SECRET', SECRET).replace('DEAF', deaf).replace('SERVER', host);
    const args = ['-o', 'a.tar', '--metadata-file', 'm.json', '.'];
    await expectSilence(args, `FROM scratch\nADD ${url} /\n`, {}, [0, 1]);
  });

  it('in a build context is in no message', async () => {
    for (const place of [
      `https://me:${SECRET}@host/x.tar`,
      `git://me:${SECRET}@host/x.git`,
      `/no/https://me:${SECRET}@x`,
    ])
      await expectSilence(
        ['-o', 'a.tar', '--build-context', `x=${place}`, '.'],
        'FROM x\n',
        {},
        [1, 2],
      );
  });

  it.each(['app', 'token/app'])(
    'that %s’s registry quotes is in no message',
    async (repository) => {
      const env = { DOCKER_AUTH_CONFIG: readFileSync(join(folder, 'auth.json'), 'utf8') };
      const name = `${host}/${repository}`;
      await expectSilence(['inspect', `docker-image://${name}`], '', env, [5]);
      await expectSilence(['-t', name, '--push', '.'], SCRATCH, env, [1, 5]);
      await expectSilence(['-o', 'a.tar', '.'], `FROM ${name}\n`, env, [1, 5]);
    },
    60_000,
  );

  it('that an engine quotes is in no message', async () => {
    const env = {
      DOCKER_AUTH_CONFIG: readFileSync(join(folder, 'auth.json'), 'utf8'),
      DOCKER_HOST: `unix://${folder}/engine.sock`,
    };
    await expectSilence(NAMED, SCRATCH, env, [1, 5]);
    await expectSilence(['--from-image', `${host}/builder`, '-t', 'app'], SCRATCH, env, [1, 4, 5]);
  });
});
