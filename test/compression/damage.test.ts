import { describe, expect, test } from 'vitest';
import { DockerceptionError } from '../../src/errors.js';
import { LONG } from '../support/long.js';
import { formats, read, sample } from './formats.js';

describe.each(Object.entries(formats))('%s', (name, compress) => {
  // A program is started for each try.
  const tries = (/bzip2|SHA/.test(name) ? 20 : 80) / (LONG ? 1 : 4);
  const plain = sample(50_000);
  const compressed = compress(plain);

  test('cut short anywhere is an error that says so', async () => {
    for (let size = 11; size < compressed.length; size += Math.ceil(compressed.length / tries)) {
      const { data, error } = await read(compressed.subarray(0, size), 512);
      expect(error, `after ${size} bytes`).toBeInstanceOf(DockerceptionError);
      expect((error as DockerceptionError).code, `after ${size} bytes`).toBe(
        'COMPRESSED_TRUNCATED',
      );
      expect((error as Error).message).toMatch(
        /^reading standard input: the \w+ data is cut short$/,
      );
      expect(plain.subarray(0, data.length).equals(data)).toBe(true);
    }
    const { error } = await read(compressed.subarray(0, -1), 512);
    expect((error as DockerceptionError).code).toBe('COMPRESSED_TRUNCATED');
  });

  test('with a bit flipped anywhere is never wrong without an error', async () => {
    for (let at = 10; at < compressed.length; at += Math.ceil(compressed.length / tries)) {
      const damaged = Buffer.from(compressed);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
      const { data, error } = await read(damaged, 64 * 1024);
      if (error === undefined) expect(data.equals(plain), `byte ${at}`).toBe(true);
      else expect(error, `byte ${at}`).toBeInstanceOf(DockerceptionError);
    }
  });
});
