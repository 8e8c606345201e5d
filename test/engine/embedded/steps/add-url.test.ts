/** ADD of URLs, from the Dockerfile to the file system. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build } from '../../../../src/index.js';
import { inChunks } from '../../../support/filter.js';
import { readTar } from '../../../support/read-tar.js';
import { member, tar } from '../../../support/write-tar.js';

const MODIFIED = 1_445_412_480;
const BODY = Buffer.from('the file\n'.repeat(30_000));
const ARCHIVE = gzipSync(tar(member({ name: 'in/it', body: 'x', uid: 7, mode: 0o640 })));
const DIGEST = `sha256:${createHash('sha256').update(BODY).digest('hex')}`;

let folder = '';
let server: Server;
let base = '';
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dockerception-add-'));
  server = createServer((asked, answer) => {
    if (asked.url === '/missing') answer.writeHead(404).end();
    else if (asked.url === '/archive.tgz') answer.end(ARCHIVE);
    else if (asked.url === '/cut') {
      answer.writeHead(200, { 'Content-Length': BODY.length + 1 });
      answer.write(BODY, () => answer.destroy());
    } else answer.setHeader('Last-Modified', new Date(MODIFIED * 1000).toUTCString()).end(BODY);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  fs.rmSync(folder, { recursive: true });
});

interface Found {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly mtime: number;
  readonly size: number;
}

let addHosts: readonly string[] = [];

async function added(...lines: string[]): Promise<Found[]> {
  const dockerfile = member({
    name: 'Dockerfile',
    body: ['FROM scratch', ...lines, ''].join('\n'),
  });
  const dest = path.join(folder, 'root.tar');
  await build({
    context: inChunks(tar(dockerfile), 512),
    engine: 'embedded',
    env: { TMPDIR: folder },
    addHosts,
    outputs: [{ type: 'tar', dest, attributes: {} }],
  });
  const bytes = fs.readFileSync(dest);
  fs.rmSync(dest);
  return readTar(bytes)
    .entries.filter(({ typeflag }) => typeflag !== '5')
    .map(({ name, mode, uid, mtime, body }) => ({
      name,
      mode,
      uid,
      mtime: Number(mtime),
      size: body.length,
    }));
}

const FOUND = { mode: 0o600, uid: 0, mtime: MODIFIED, size: BODY.length };

test('a file keeps its name in a directory, and gets the one that it is given', async () => {
  expect(await added(`ADD ${base}/a/b%20c.txt?x /dir/`)).toEqual([
    { ...FOUND, name: 'dir/b c.txt' },
  ]);
  expect(await added(`ADD ${base}/a/b /dir/named`)).toEqual([{ ...FOUND, name: 'dir/named' }]);
  expect(await added(`ADD ${base} /dir/`)).toEqual([{ ...FOUND, name: 'dir/__unnamed__' }]);
});

test('an archive is unpacked when --unpack says so, and only then', async () => {
  const found = async (flags: string, name: string): Promise<string[]> =>
    (await added(`ADD ${flags} ${base}/${name} /dir/`)).map((file) =>
      [file.name, file.mode.toString(8), file.uid].join(' '),
    );
  expect(await found('--unpack', 'archive.tgz')).toEqual(['dir/in/it 640 7']);
  expect(await found('--unpack=true --chown=3', 'archive.tgz')).toEqual(['dir/in/it 640 3']);
  for (const flags of ['', '--unpack=false'])
    expect(await found(flags, 'archive.tgz')).toEqual(['dir/archive.tgz 600 0']);
  expect(await found('--unpack', 'plain')).toEqual(['dir/plain 600 0']);
});

test('several files, their owner and mode, and a checksum', async () => {
  expect(await added(`ADD --chmod=755 --chown=3:4 ${base}/one ${base}/two /dir/`)).toEqual([
    { ...FOUND, name: 'dir/one', mode: 0o755, uid: 3 },
    { ...FOUND, name: 'dir/two', mode: 0o755, uid: 3 },
  ]);
  expect(await added(`ADD --checksum=${DIGEST} ${base}/one /`)).toEqual([
    { ...FOUND, name: 'one' },
  ]);
});

test.each([
  ['that is not there', '/missing', /Dockerfile:2: .*\/missing: the server answered 404/],
  ['that ends early', '/cut', /Dockerfile:2: .*\/cut: ended early/],
])('a file %s stops the build', async (_, name, message) => {
  await expect(added(`ADD ${base}${name} /`)).rejects.toMatchObject({
    kind: 'build',
    code: 'ADD_FAILED',
    message: expect.stringMatching(message) as string,
  });
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('a file that is another than its checksum says stops the build', async () => {
  const wrong = `sha256:${'0'.repeat(64)}`;
  await expect(added(`ADD --checksum=${wrong} ${base}/one /`)).rejects.toMatchObject({
    kind: 'build',
    code: 'ADD_CHECKSUM',
    message: expect.stringContaining(`digest mismatch: ${DIGEST} (expected: ${wrong})`) as string,
  });
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('a host whose address is told is reached there', async () => {
  addHosts = ['builder:127.0.0.1'];
  const url = base.replace('127.0.0.1', 'builder');
  expect(await added(`ADD ${url}/pkg /got`)).toContainEqual(
    expect.objectContaining({ name: 'got', size: BODY.length }),
  );
  addHosts = [];
});
