/** Contexts with everything that findings are about, and their observation. */
import { generateKeyPairSync } from 'node:crypto';
import { helloProgram } from '../../../samples/hello/elf.js';
import type { EngineRequest } from '../../../src/engine/engine.js';
import type { Finding } from '../../../src/inspect/facts.js';
import { ObservedContext } from '../../../src/inspect/read/observed-context.js';
import { TarWalk } from '../../../src/tar/walk.js';
import { engineOptions } from '../engine-options.js';
import { member, tar } from '../write-tar.js';

const PLATFORM = { os: 'linux', architecture: 'amd64' };
const { signal } = new AbortController();

/** The findings of the observed context; undefined if the image has to be read. */
export async function observed(
  context: Buffer,
  change: Partial<EngineRequest> = {},
  platform: typeof PLATFORM | undefined = PLATFORM,
): Promise<readonly Finding[] | undefined> {
  const observer = new ObservedContext(engineOptions({ platforms: ['linux/amd64'], ...change }));
  const walk = new TarWalk(
    {
      entry: (entry) => observer.entry(entry),
      data: (bytes) => observer.data(bytes),
    },
    'the context',
  );
  // Heads of files are split between chunks, too.
  for (let at = 0; at < context.length; at += 700) walk.push(context.subarray(at, at + 700));
  walk.end();
  const options = { name: 'app', context: 'stream', findings: true, signal } as const;
  const image = await observer.inspect(platform, { ...options, report: () => undefined });
  return image?.findings;
}

export const key = String(
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
);
export const token = `ghp_${'aB3dE5gH7jK9'.repeat(3)}`;
export const program = helloProgram('x64', 'hello\n');

export const file = (name: string, body: Buffer | string, mode = 0o644): Buffer =>
  member({ name, body, mode, uid: 0, gid: 0 });

/** Members of contexts by their names. */
export const MEMBERS: readonly (readonly Buffer[])[] = [
  [file('app', program, 0o755)],
  [file('bin/app', program, 0o4755)],
  [file('bin/other', helloProgram('arm64', 'hello\n'), 0o755)],
  [file('rootfs/usr/bin/tool', program, 0o2755)],
  [
    file('rootfs/etc/passwd', 'app:x:1000:1001::/:/bin/sh\n'),
    file('rootfs/etc/group', 'app:x:1001:\n'),
  ],
  [file('etc/passwd', 'other:x:7:8::/:/bin/sh\n')],
  [file('accounts', 'app:x:5:6::/:/bin/sh\n')],
  [file('run.sh', '#!/bin/sh\necho\n', 0o755), file('bin/sh', program, 0o755)],
  [file('start', '#!/usr/bin/env python3\r\n', 0o755)],
  [file('keys/id_ed25519', key, 0o600), file('keys/a.p12', 'store')],
  [file('tests/key.pem', key), file('usr/share/doc/key.pem', key)],
  [file('config/github.txt', `token=${token}\n`)],
  [file('node_modules/a/fixture.txt', token), file('usr/share/a/token.txt', token)],
  [file('.npmrc', '//registry.npmjs.org/:_authToken=abcdefgh12345678\n')],
  [file('home/.netrc', 'machine a login b password c\n'), file('home/netrc', 'password c\n')],
  [file('.docker/config.json', '{"auths":{"a":{"auth":"dXNlcjpwYXNzd29yZA=="}}}')],
  [file('.git/HEAD', 'ref: x\n'), file('.git/objects/ab', 'x')],
  [file('src/main.c', 'int main;'), file('src/main.h', ''), file('lib/libx.a', '!<arch>\n')],
  [file('tmp/open', 'x', 0o666), member({ name: 'tmp/', typeflag: '5', mode: 0o777, uid: 3 })],
  [file('data/one', 'same'), member({ name: 'data/two', typeflag: '1', linkname: 'data/one' })],
  [member({ name: 'current', typeflag: '2', linkname: 'bin' })],
  [file('lib/libc.so.6', program, 0o755), file('lib/ld-linux-x86-64.so.2', program, 0o755)],
  [file('empty/.env', ''), file('.env.test', 'A=1'), file('core.1', 'x'), file('x~', 'x')],
  [file('usr/bin/gcc', program, 0o755), file('var/lib/apt/lists/x', 'x')],
  [
    file('big.txt', `${' '.repeat(70_000)}${token}`),
    file('late.txt', `${' '.repeat(500)}${token}`),
  ],
];

export const contextOf = (lines: readonly string[], ...members: readonly Buffer[]): Buffer =>
  tar(file('Dockerfile', `${['FROM scratch', ...lines].join('\n')}\n`), ...members);
