/** `tcp://` with TLS: certificates of both sides, and each way in which one may be wrong. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../engines.js';
import { expectFailure, imageIdOf, openShell, type Outcome, type Shell } from '../support.js';
import { create } from '../tar.js';
import { type RemoteBuildKit, serveBuildKit } from './bridge.js';
import { docker28 as variant } from './docker28.js';

const folder = mkdtempSync(join(tmpdir(), 'dockerception-tls-'));
const path = (name: string): string => join(folder, name);

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function authority(name: string): void {
  openssl(
    'req',
    '-x509',
    ...KEY,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
    '-subj',
    `/CN=${name}`,
  );
}

function certificate(name: string, by: string, names: string, days = 2): void {
  openssl(
    'req',
    '-new',
    ...KEY,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
    '-subj',
    `/CN=${name}`,
  );
  writeFileSync(path('names'), `subjectAltName=${names}`);
  const signed = [
    '-CA',
    `${by}.pem`,
    '-CAkey',
    `${by}.key`,
    '-days',
    String(days),
    '-extfile',
    'names',
  ];
  openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.pem`);
}

let shell: Shell;
let input: Buffer;
const servers: RemoteBuildKit[] = [];

/** A BuildKit with a certificate, which requires one of its clients. */
async function serve(name: string, more: TlsOptions = {}): Promise<string> {
  const [cert, key, ca] = [`${name}.pem`, `${name}.key`, 'ca.pem'].map((file) =>
    readFileSync(path(file)),
  );
  const tls = { cert, key, ca, requestCert: true, ALPNProtocols: ['h2'], ...more } as TlsOptions;
  const server = await serveBuildKit(variant.host, { tls });
  servers.push(server);
  return server.address;
}

async function build(builder: string, args: Readonly<Record<string, string>>): Promise<Outcome> {
  const options = Object.entries(args).map(([name, value]) => `--tls-${name}=${value}`);
  const name = `${randomUUID()}.tar`;
  const command = ['-q', '--builder', builder, '-o', name, ...options];
  const outcome = await shell.tool(command, { input, litters: true });
  expect(existsSync(join(shell.folder, name))).toBe(outcome.code === 0);
  return outcome;
}

const CLIENT = { 'ca-cert': path('ca.pem'), cert: path('client.pem'), key: path('client.key') };

let good: string;
beforeAll(async () => {
  shell = await openShell(variant);
  input = await create([{ name: 'Dockerfile', content: `FROM ${engines.base}\nRUN true\n` }]);
  authority('ca');
  authority('other');
  certificate('server', 'ca', 'IP:127.0.0.1');
  certificate('client', 'ca', 'DNS:client');
  certificate('stranger', 'other', 'DNS:client');
  certificate('lapsed', 'ca', 'DNS:client', -1);
  certificate('expired', 'ca', 'IP:127.0.0.1', -1);
  certificate('elsewhere', 'ca', 'DNS:buildkitd.example,IP:192.0.2.1');
  openssl('pkey', '-aes128', '-passout', 'pass:word', '-in', 'client.key', '-out', 'locked.key');
  writeFileSync(path('text'), 'no certificate\n');
  good = await serve('server');
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await shell.close();
  rmSync(folder, { recursive: true });
});

describe.concurrent('mutual TLS', () => {
  it('builds', async () => {
    imageIdOf(await build(good, CLIENT));
  });

  it('works with TLS 1.2', async () => {
    imageIdOf(await build(await serve('server', { maxVersion: 'TLSv1.2' }), CLIENT));
  });

  it('needs no certificate of the client if the server requires none', async () => {
    const address = await serve('server', { requestCert: false });
    imageIdOf(await build(address, { 'ca-cert': CLIENT['ca-cert'] }));
  });

  it.each(['buildkitd.example', '192.0.2.1'])('accepts the server name %s', async (name) => {
    imageIdOf(await build(await serve('elsewhere'), { ...CLIENT, 'server-name': name }));
  });
});

describe.concurrent('a certificate of BuildKit', () => {
  it('by another authority is not trusted', async () => {
    const outcome = await build(good, { ...CLIENT, 'ca-cert': path('other.pem') });
    expectFailure(outcome, 5, /reaching BuildKit at tcp:.*not trusted/, /--tls-ca-cert/);
  });

  it('is not trusted without its authority', async () => {
    const outcome = await build(good, { cert: CLIENT.cert, key: CLIENT.key });
    expectFailure(outcome, 5, /not trusted/, /--tls-ca-cert/);
  });

  it('must not have expired', async () => {
    expectFailure(await build(await serve('expired'), CLIENT), 5, /expired/, /--tls-ca-cert/);
  });

  it('must have the name of the host', async () => {
    const outcome = await build(await serve('elsewhere'), CLIENT);
    expectFailure(outcome, 5, /127\.0\.0\.1 is not in the cert's list/, /--tls-server-name/);
  });

  it('must have the name of --tls-server-name', async () => {
    const outcome = await build(good, { ...CLIENT, 'server-name': 'buildkitd' });
    expectFailure(outcome, 5, /buildkitd/, /--tls-server-name/);
  });
});

describe.concurrent.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a certificate of the client with %s',
  (maxVersion) => {
    it.each([
      ['is missing', {}],
      ['is of another authority', { cert: path('stranger.pem'), key: path('stranger.key') }],
      ['has expired', { cert: path('lapsed.pem'), key: path('lapsed.key') }],
    ])('%s', async (_, files) => {
      const address = await serve('server', { maxVersion });
      const outcome = await build(address, { 'ca-cert': CLIENT['ca-cert'], ...files });
      expectFailure(
        outcome,
        5,
        /refused the client’s certificate|closed the connection/,
        /--tls-cert/,
      );
    });
  },
);

describe.concurrent('a file', () => {
  it.each([
    ['--tls-ca-cert', 'no file', { ...CLIENT, 'ca-cert': 'nowhere' }],
    ['--tls-ca-cert', 'no certificate', { ...CLIENT, 'ca-cert': path('text') }],
    ['--tls-ca-cert', 'a key', { ...CLIENT, 'ca-cert': path('ca.key') }],
    ['--tls-ca-cert', 'a directory', { ...CLIENT, 'ca-cert': folder }],
    ['--tls-cert', 'no certificate', { ...CLIENT, cert: path('text') }],
    ['--tls-key', 'no key', { ...CLIENT, key: path('text') }],
    ['--tls-key', 'a locked key', { ...CLIENT, key: path('locked.key') }],
    ['--tls-key', 'no key of --tls-cert', { ...CLIENT, key: path('stranger.key') }],
    ['--tls-key', 'missing', { cert: CLIENT.cert }],
    ['--tls-cert', 'missing', { key: CLIENT.key }],
  ])('of %s is %s', async (option, _, args) => {
    const outcome = await build(good, args);
    expectFailure(outcome, 2, new RegExp(`reading .*${option}`));
  });
});

describe.concurrent('TLS', () => {
  it('at a port without it is refused', async () => {
    const server = await serveBuildKit(variant.host);
    servers.push(server);
    const outcome = await build(server.address, CLIENT);
    expectFailure(outcome, 5, /doesn’t speak TLS|closed the connection/, /--tls-/);
  });

  it('is named when the port requires it', async () => {
    expectFailure(await build(good, {}), 5, /reaching BuildKit at tcp:/, /--tls-ca-cert/);
  });

  it.each(['unix:///run/x.sock', 'docker-container://x', 'farm'])(
    'is refused for %s',
    async (address) => {
      expectFailure(await build(address, CLIENT), 2, /only tcp:\/\/ has TLS/, /--tls-ca-cert/);
    },
  );

  it('that is not answered can be interrupted', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = `tcp://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const tool = shell.start(
      ['dockerception', '-o', 'app.tar', '--builder', address, '--tls-ca-cert', path('ca.pem')],
      { input },
    );
    await tool.says(`waiting for BuildKit at ${address}`);
    tool.signal('SIGTERM');
    const { code, stderr } = await tool.done;
    expect(stderr).toMatch(/\ndockerception: terminated\n$/);
    expect(code).toBe(143);
    silent.close();
  });
});
