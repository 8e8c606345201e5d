import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decompress, recognise } from '../../src/compression/decompress.js';
import type { DockerceptionError } from '../../src/errors.js';
import { formats, program, read, sample } from './formats.js';

const CHUNKS = [1, 7, 512, 64 * 1024];

describe.each(Object.entries(formats))('%s', (_, compress) => {
  const plain = sample(50_000);
  const compressed = compress(plain);

  test.each(CHUNKS)('comes out as it went in, in chunks of %i', async (chunk) => {
    const { data, error } = await read(compressed, chunk);
    expect(error).toBeUndefined();
    expect(data.equals(plain)).toBe(true);
  });

  test.each(CHUNKS)('twice in a row is both, in chunks of %i', async (chunk) => {
    const second = sample(3000, 7);
    const { data, error } = await read(Buffer.concat([compressed, compress(second)]), chunk);
    expect(error).toBeUndefined();
    expect(data.equals(Buffer.concat([plain, second]))).toBe(true);
  });

  test.each(CHUNKS)('of nothing is nothing, in chunks of %i', async (chunk) => {
    const { data, error } = await read(compress(Buffer.alloc(0)), chunk);
    expect(error).toBeUndefined();
    expect(data.length).toBe(0);
  });

  test.each([1, 64 * 1024])(
    'with garbage behind it is an error, in chunks of %i',
    async (chunk) => {
      const { error } = await read(
        Buffer.concat([compressed, Buffer.from('and then some garbage')]),
        chunk,
      );
      expect((error as DockerceptionError).code).toBe('COMPRESSED_CORRUPT');
    },
  );
});

test.each(CHUNKS)('zeros behind gzip are padding, in chunks of %i', async (chunk) => {
  const { data, error } = await read(Buffer.concat([gzipSync('abc'), Buffer.alloc(70_000)]), chunk);
  expect(error).toBeUndefined();
  expect(data.toString()).toBe('abc');
});

test.each(CHUNKS)('data behind zeros behind gzip is an error, in chunks of %i', async (chunk) => {
  const late = Buffer.concat([gzipSync('abc'), Buffer.alloc(700), gzipSync('def')]);
  const { error } = await read(late, chunk);
  expect((error as DockerceptionError).code).toBe('COMPRESSED_CORRUPT');
});

test.each(CHUNKS)('skippable zstd frames are skipped, in chunks of %i', async (chunk) => {
  const skippable = Buffer.concat([Buffer.from('5e2a4d1803000000', 'hex'), Buffer.from('abc')]);
  const data = program('zstd', ['-qc'], Buffer.from('content'));
  const result = await read(Buffer.concat([skippable, data, skippable]), chunk);
  expect(result.error).toBeUndefined();
  expect(result.data.toString()).toBe('content');
});

test('a zstd frame whose window is too large is refused before memory is taken', async () => {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 1, 0, 0, 0, 0, 0]);
  const { error } = await read(header, 512);
  expect((error as DockerceptionError).code).toBe('COMPRESSED_UNSUPPORTED');
});

test('a zstd Huffman tree that takes no bits is refused, and does not hang the decoder', async () => {
  // Frame header (window 1 KiB), one last compressed block; its literals have an FSE-coded tree of
  // accuracy 5 whose first probability is all there is: 4 bits of log, then six ones.
  const body = Buffer.from([0x02, 0x04, 0x01, 0x04, 0xf0, 0x03, 0xff, 0xff, 0xff, 0xff]);
  const start = Buffer.alloc(3);
  start.writeUIntLE((body.length << 3) | (2 << 1) | 1, 0, 3);
  const { error } = await read(
    Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x00]), start, body]),
    512,
  );
  expect((error as DockerceptionError).message).toContain('one weight only');
});

test.each(CHUNKS)('what is not compressed is the same stream, in chunks of %i', async (chunk) => {
  const plain = sample(3000);
  plain.write('Dockerfile');
  const parts: Buffer[] = [];
  for (let at = 0; at < plain.length; at += chunk) parts.push(plain.subarray(at, at + chunk));
  const input = Readable.from(parts, { objectMode: false });
  const output = await decompress(input, 'standard input');
  expect(output).toBe(input);
  const out: Buffer[] = [];
  for await (const piece of output) out.push(piece as Buffer);
  expect(Buffer.concat(out).equals(plain)).toBe(true);
});

test.each(['', 'BZh9', 'short', '\x1f\x8b'])('a short input %j does not hang', async (text) => {
  const { data, error } = await read(Buffer.from(text, 'latin1'), 1);
  if (error === undefined) expect(data.toString('latin1')).toBe(text);
  else expect((error as DockerceptionError).code).toBe('COMPRESSED_TRUNCATED');
});

test.each(Object.entries(formats))(
  "%s: the input's own error comes out",
  async (_name, compress) => {
    const compressed = compress(sample(200_000));
    const failure = new Error('the disk is on fire');
    const input = new Readable({
      read() {
        if (this.readableLength > 0) return;
        this.push(compressed.subarray(0, 1000));
        setTimeout(() => this.destroy(failure), 20);
      },
    });
    const output = await decompress(input, 'standard input');
    await expect(output.toArray()).rejects.toBe(failure);
  },
);

test.each(Object.entries(formats))(
  '%s: destroying the output destroys an input that is silent',
  async (_name, compress) => {
    const input = new Readable({ read() {} });
    input.push(compress(sample(200_000)).subarray(0, 5000));
    const output = await decompress(input, 'standard input');
    output.resume();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const closed = new Promise((resolve) => output.once('close', resolve));
    output.destroy();
    await closed;
    expect(input.destroyed).toBe(true);
  },
);

test.each(Object.entries(formats))(
  '%s: no more is decompressed than is read',
  async (_name, compress) => {
    const bomb = compress(Buffer.alloc(16 * 1024 * 1024));
    const output = await decompress(Readable.from([bomb], { objectMode: false }), 'a bomb');
    await new Promise((resolve) => output.once('readable', resolve));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(output.readableLength).toBeLessThan(2 * 1024 * 1024);
    output.destroy();
    await new Promise((resolve) => output.once('close', resolve));
  },
);

test('the formats are told by their first bytes', () => {
  const heads: [string, string | undefined][] = [
    ['1f8b0800', 'gzip'],
    ['28b52ffd', 'zstd'],
    ['502a4d18', 'zstd'],
    ['5f2a4d18', 'zstd'],
    ['602a4d18', undefined],
    ['fd377a585a00', 'xz'],
    ['425a6839314159265359', 'bzip2'],
    ['425a6839177245385090', 'bzip2'],
    ['425a6830314159265359', undefined],
    ['425a6839', undefined],
    ['446f636b657266696c65', undefined],
  ];
  for (const [hex, format] of heads) expect(recognise(Buffer.from(hex, 'hex')), hex).toBe(format);
});

test('without the bzip2 program, the hint says what to do', async () => {
  const compressed = formats.bzip2(sample(1000));
  const path = process.env['PATH'];
  process.env['PATH'] = '/nowhere';
  try {
    const { error } = await read(compressed, 512);
    expect((error as DockerceptionError).code).toBe('COMPRESSED_UNSUPPORTED');
    expect((error as DockerceptionError).hint).toContain('install bzip2');
  } finally {
    process.env['PATH'] = path;
  }
});

test('destroying the output ends the program', async () => {
  const compressed = formats.bzip2(sample(2_000_000));
  const output = await decompress(Readable.from([compressed], { objectMode: false }), 'x');
  await new Promise((resolve) => output.once('readable', resolve));
  output.destroy();
  // Closed only when the program is gone.
  await new Promise((resolve) => output.once('close', resolve));
});

test('zstd matches from further back than 64 MiB come out right', async () => {
  const far = Buffer.concat([sample(100_000), Buffer.alloc(70_000_000), sample(100_000)]);
  const long = ['-qc', '--long=27', '--no-check'];
  const { data, error } = await read(program('zstd', long, far), 64 * 1024);
  expect(error).toBeUndefined();
  expect(data.equals(far)).toBe(true);
});
