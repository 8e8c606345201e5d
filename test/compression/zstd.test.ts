import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { decompress } from '../../src/compression/decompress.js';
import { zstd, zstdProgram } from '../../src/compression/zstd.js';
import { chunked, collected } from './chunks.js';

const folder = mkdtempSync(join(tmpdir(), 'dockerception-zstd-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program of this shell text, in place of zstd. */
function program(text: string): string {
  const path = join(folder, `program${Math.random()}`);
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return path;
}

const data = Buffer.from('the quick brown fox, '.repeat(50_000));
const decompressed = async (bytes: Buffer): Promise<Buffer> =>
  collected((await decompress(Readable.from([bytes]), 'a layer')) as AsyncIterable<Buffer>);

describe('zstd', () => {
  it.each([1, 511, 64 << 10, 1 << 20])('compresses chunks of %i bytes', async (size) => {
    const some = data.subarray(0, size === 1 ? 1000 : data.length);
    const bytes = await collected(zstd(chunked(some, size)));
    expect(bytes.length).toBeLessThan(some.length / 10);
    expect((await decompressed(bytes)).equals(some)).toBe(true);
  });

  it('compresses nothing to an empty frame', async () => {
    const bytes = await collected(zstd(chunked(Buffer.alloc(0), 1)));
    expect(bytes.length).toBeGreaterThan(0);
    expect(await decompressed(bytes)).toHaveLength(0);
  });

  it('gives the same bytes twice', async () => {
    const [first, second] = [
      await collected(zstd(chunked(data, 4096), 5)),
      await collected(zstd(chunked(data, 4096), 5)),
    ];
    expect(first.equals(second)).toBe(true);
  });

  it('hands a failure of the data on', async () => {
    const failure = new Error('the tar ended early');
    async function* failing(): AsyncGenerator<Buffer> {
      yield* chunked(data, 4096);
      throw failure;
    }
    await expect(collected(zstd(failing()))).rejects.toBe(failure);
  });

  it('ends the data when nobody wants the rest', async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield* chunked(data, 64 << 10);
      } finally {
        ended = true;
      }
    }
    for await (const chunk of zstd(endless())) if (chunk.length > 0) break;
    expect(ended).toBe(true);
  });
});

describe('the zstd program', () => {
  const through = (path: string): Promise<Buffer> =>
    collected(zstdProgram(chunked(data, 4096), 3, path));

  it('is asked for when it is not there', async () => {
    await expect(through(join(folder, 'nothing'))).rejects.toMatchObject({
      kind: 'usage',
      code: 'ZSTD_MISSING',
      hint: 'install zstd, use Node 22.15 or later, or `compression: gzip`',
    });
  });

  it('tells why it failed, in one line, before and after it has read', async () => {
    for (const read of ['', 'cat > /dev/null; '])
      await expect(
        through(program(`${read}echo 'no memory\nleft' >&2; exit 3`)),
      ).rejects.toMatchObject({
        kind: 'output',
        code: 'ZSTD_FAILED',
        message: 'compressing a layer: zstd: no memory',
      });
  });

  it('is not believed when it is killed or ends before its data', async () => {
    await expect(through(program('kill -9 $$'))).rejects.toThrow('it was ended by SIGKILL');
    await expect(through(program('echo all; exit 0'))).rejects.toThrow('ended before its data');
  });
});
