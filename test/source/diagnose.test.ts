import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openPath } from '../../src/source/open-path.js';
import { filter, filtered } from '../support/filter.js';
import { END, member, pax, tar } from '../support/write-tar.js';

const windows = 'one\r\ntwo\r\n';
const context = tar(
  member({ name: 'Dockerfile', body: 'FROM scratch\r\nCOPY . /\r\n' }),
  member({ name: 'a.txt', body: windows }),
  member({ name: 'b', body: windows.repeat(300) }),
);
const grown = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.toString('latin1').replace(/\n/g, '\r\n'), 'latin1');

describe('a context with Windows line ends alone', () => {
  it('that is cut is cut short, wherever that is', async () => {
    for (let size = 512; size < context.length - 1024; size += 97) {
      const { error } = await filter(context.subarray(0, size));
      expect((error as Error).message, `after ${size} bytes`).toMatch(/cut short/);
    }
  });

  it('and damage elsewhere is not blamed on CRLF', async () => {
    const damaged = Buffer.from(context);
    damaged[1024] = 0x7a;
    expect((await filter(damaged)).error).toMatchObject({ code: 'TAR_CHECKSUM' });
  });
});

describe('CRLF damage', () => {
  it.each([
    ['in a padding', tar(member({ name: 'a', body: 'one\ntwo\n' }))],
    [
      'in front of a header',
      tar(member({ name: 'a', body: 'x\n'.repeat(256) }), member({ name: 'b' })),
    ],
    [
      'behind a body of many lines',
      tar(member({ name: 'a', body: '\n'.repeat(1024) }), member({ name: 'b' })),
    ],
    ['in records', tar(pax([['path', 'name']]), member({ name: 'a' }))],
  ])('shows %s', async (_, whole) => {
    for (const chunk of [1, 513, 65536])
      expect((await filter(grown(whole), {}, chunk)).error).toMatchObject({ code: 'CONTEXT_CRLF' });
  });
});

describe('compressed data', () => {
  it('is read when it was compressed twice', async () => {
    expect((await filtered(gzipSync(gzipSync(context)))).equals(await filtered(context))).toBe(
      true,
    );
  });

  it('of compress is read', async () => {
    const packed = execFileSync('python3', ['-c', LZW], { input: context, maxBuffer: 1 << 24 });
    expect(packed.toString('hex', 0, 2)).toBe('1f9d');
    expect((await filtered(packed)).equals(await filtered(context))).toBe(true);
  });
});

/** compress(1) at nine bits with a table that is never used: literals, and a reset before it is full. */
const LZW = `
import sys
out = bytearray(b'\\x1f\\x9d\\x90')
bits = count = held = n = 0
def put(code):
    global held, count
    held |= code << count
    count += 9
    while count >= 8:
        out.append(held & 255)
        held >>= 8
        count -= 8
codes = 0
def code(c):
    global codes
    put(c)
    codes += 1
for byte in sys.stdin.buffer.read():
    code(byte)
    n += 1
    if n == 200:
        code(256)
        while codes % 8: code(0)
        n = 0
if count: out.append(held & 255)
sys.stdout.buffer.write(out)
`;

describe('what is not a tar is named', () => {
  it.each([
    ['a zip archive', 'PK\x03\x04'],
    ['a 7z archive', '7z\xbc\xaf\x27\x1c'],
    ['a rar archive', 'Rar!\x1a\x07\0'],
    ['lzop data', '\x89LZO\0\r\n\x1a\n'],
    ['lrzip data', 'LRZI\0\x06'],
    ['lzip data', 'LZIP\x01'],
    ['a cpio archive', '070701'],
  ])('%s', async (what, start) => {
    for (const size of [start.length + 20, 4096]) {
      const bytes = Buffer.alloc(size, 0x81);
      bytes.write(start, 'latin1');
      const { error } = await filter(bytes);
      expect(error).toMatchObject({ code: 'CONTEXT_NOT_A_TAR' });
      expect((error as Error).message).toBe(`reading the stream: it is ${what}, not a tar`);
      expect((error as { hint?: string }).hint).toMatch(/dockerception …|lrunzip/);
    }
  });

  it('a few bytes that begin no header are not cut short in one', async () => {
    for (const bytes of [
      Buffer.from('00ff81aa', 'hex'),
      Buffer.alloc(300, 0x9c),
      Buffer.from('ab\0\x01\x02'),
    ]) {
      const { error } = await filter(bytes);
      expect((error as { code: string }).code).toMatch(/^CONTEXT_(NOT_A_TAR|TEXT)$/);
      expect((error as Error).message).not.toMatch(/cut short/);
    }
  });

  it('a Dockerfile that starts with a comment', async () => {
    const { error } = await filter(Buffer.from('# my image\nFROM scratch\n'));
    expect((error as Error).message).toMatch(/it is a Dockerfile, not a tar/);
  });

  it('an image archive', async () => {
    const archives = [
      tar(member({ name: 'oci-layout', body: '{}' }), member({ name: 'index.json', body: '{}' })),
      tar(
        member({ name: 'manifest.json', body: '[]' }),
        member({ name: 'repositories', body: '{}' }),
      ),
    ];
    for (const archive of archives) {
      const { error } = await filter(archive, { file: 'Dockerfile' });
      expect(error).toMatchObject({ kind: 'context', code: 'CONTEXT_IMAGE' });
      expect((error as { hint?: string }).hint).toMatch(/docker load .*inspect/);
    }
    const app = Buffer.concat([member({ name: 'manifest.json', body: '{}' }), END]);
    const { error } = await filter(app, { file: 'Dockerfile' });
    expect(error).toMatchObject({ code: 'CONTEXT_NO_DOCKERFILE' });
  });

  it.each([
    ['https://u:secret@host/ctx.tar.gz', 'curl -fsSL https://host/ctx.tar.gz | dockerception …'],
    ['https://host/repo.git#main', 'git clone https://host/repo.git DIR, then dockerception DIR'],
    ['git@host:repo', 'git clone git@host:repo DIR, then dockerception DIR'],
  ])('the address %s', async (address, hint) => {
    const opening = openPath(address, { file: 'Dockerfile' });
    await expect(opening).rejects.toMatchObject({ kind: 'usage', code: 'USAGE_CONTEXT', hint });
    await expect(opening).rejects.not.toThrow(/secret/);
  });
});
