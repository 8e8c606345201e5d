/** Little that becomes much: bytes, entries. Memory is bounded, and limits end what nobody waits for. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inspect } from '../../../src/inspect/inspect.js';
import { readStream } from '../../../src/inspect/read/read-stream.js';
import { archiveOf, configOf, type Files, hex } from '../../support/inspect/image-forms.js';
import { at, inspected } from '../../support/inspect/scan.js';
import { END, header, member, sum, tar } from '../../support/write-tar.js';

const MiB = 1 << 20;
const PIECE = 32 * MiB;
/** Bytes of the file in the bomb. */
const SIZE = 512 * MiB;

/** An image whose layer has as many zeros; gzip's members stand behind each other. */
const bomb = ((): Buffer => {
  const zeros = Buffer.alloc(PIECE);
  const head = header({ name: 'zeros', size: SIZE });
  const packed = gzipSync(zeros);
  const hash = createHash('sha256').update(head);
  for (let left = SIZE; left > 0; left -= PIECE) hash.update(zeros);
  const diffId = `sha256:${hash.update(END).digest('hex')}`;
  const blob = Buffer.concat([
    gzipSync(head),
    ...Array.from({ length: SIZE / PIECE }, () => packed),
    gzipSync(END),
  ]);
  const config = configOf({ layers: [] }).replace('[]', JSON.stringify([diffId]));
  const name = `${hex(config)}.json`;
  const manifest = JSON.stringify([{ Config: name, RepoTags: null, Layers: ['layer.tar'] }]);
  const files: Files = { 'layer.tar': blob, [name]: config, 'manifest.json': manifest };
  return archiveOf(files);
})();

/** The most memory that was seen while something ran, above that of before. */
async function memoryOf(run: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  try {
    await run();
  } finally {
    clearInterval(timer);
  }
  return most - before;
}

describe('A layer of zeros that a thousandth of their bytes make', () => {
  it('ends past --max-size, soon', async () => {
    const refused = {
      kind: 'limit',
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('10.0 MB are allowed') as string,
    };
    const memory = await memoryOf(() =>
      expect(inspected(bomb, { maxSize: 10_000_000 })).rejects.toMatchObject(refused),
    );
    expect(memory).toBeLessThan(150 * MiB);
  });

  it('by a scheme, compressed once more, fills no disk', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'dockerception-test-')), 'bomb.tar.gz');
    writeFileSync(file, gzipSync(bomb));
    const target = `docker-archive://${file}`;
    try {
      await expect(inspect({ target, maxSize: 1 })).rejects.toMatchObject({ kind: 'limit' });
    } finally {
      rmSync(dirname(file), { recursive: true });
    }
  });

  it('is read in little memory without', async () => {
    const memory = await memoryOf(async () => {
      expect(at(await inspected(bomb), '/zeros').size).toBe(SIZE);
    });
    expect(memory).toBeLessThan(150 * MiB);
  });

  it('in a context is a file, whatever is in it', async () => {
    const context = tar(
      member({ name: 'bomb.tar.gz', body: gzipSync(Buffer.alloc(PIECE)) }),
      member({ name: 'x', body: 'x' }),
    );
    expect((await inspected(context, { maxSize: 100_000 })).root.files).toBe(2);
  });
});

it('Documents by the thousand are not retained', async () => {
  const body = Buffer.alloc(4 * MiB, ' ');
  body[0] = 0x7b;
  const config = member({ name: 'config.json', body });
  let left = 200;
  const archive = async function* (): AsyncGenerator<Buffer> {
    for (; left > 0; left--) {
      const one = Buffer.from(config);
      one.write(String(left).padStart(11, '0'), 0);
      one.write('/config.json', 11);
      sum(one);
      yield await Promise.resolve(one);
    }
    yield END;
  };
  const source = { name: 'x', stream: Readable.from(archive()), complete: Promise.resolve() };
  const platform = { os: 'linux', architecture: 'amd64' };
  const options = { target: 'x', platform, signal: new AbortController().signal };
  const memory = await memoryOf(async () => {
    expect(await readStream(source, options)).toMatchObject({ kind: 'context', size: 800 * MiB });
  });
  expect(memory).toBeLessThan(300 * MiB);
});

describe('Entries', () => {
  it('by the hundred thousand use no more memory than measured', async () => {
    const count = 100_000;
    const blocks = Buffer.concat(
      Array.from({ length: count }, (_, index) => header({ name: `d/${index}` })),
    );
    const memory = await memoryOf(async () => {
      expect((await inspected(tar(blocks), { chunk: MiB })).root.files).toBe(count);
    });
    expect(memory).toBeLessThan(count * 2500);
  });
});
