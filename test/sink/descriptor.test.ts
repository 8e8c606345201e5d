import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DescriptorSink } from '../../src/sink/descriptor.js';

describe('a descriptor sink', () => {
  let folder: string;
  let file: string;
  let descriptor: number;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'dockerception-test-'));
    file = path.join(folder, 'out');
    descriptor = openSync(file, 'w');
  });
  afterEach(() => {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  });

  test.each([1, 7, 512, 513, 16 * 1024 - 1, 16 * 1024, 64 * 1024, 1024 * 1024])(
    'writes all of it in its order, in pieces of %i',
    async (size) => {
      const bytes = Buffer.from(
        Array.from({ length: size < 512 ? 5000 : 3_000_000 }, (_, i) => (i * 7) & 0xff),
      );
      const sink = new DescriptorSink(descriptor, 'standard output');
      const reused = Buffer.alloc(size);
      for (let at = 0; at < bytes.length; at += size) {
        const step = bytes.copy(reused, 0, at, at + size);
        sink.write(reused.subarray(0, step));
        await sink.ready();
        reused.fill(0xff);
      }
      await sink.end();
      expect(readFileSync(file).equals(bytes)).toBe(true);
    },
  );

  test('keeps small and large pieces in their order', async () => {
    const sink = new DescriptorSink(descriptor, 'standard output');
    const pieces = ['a', 'b'.repeat(20_000), 'c', 'd'.repeat(100_000), 'e'];
    for (const piece of pieces) sink.write(Buffer.from(piece));
    await sink.end();
    expect(readFileSync(file, 'latin1')).toBe(pieces.join(''));
  });

  test('that is destroyed writes nothing more of what it holds', () => {
    const sink = new DescriptorSink(descriptor, 'standard output');
    sink.write(Buffer.from('held'));
    sink.destroy(new Error('no'));
    expect(readFileSync(file)).toHaveLength(0);
  });

  test('tells a full disk from other failures', () => {
    const full = openSync('/dev/full', 'w');
    const sink = new DescriptorSink(full, 'standard output');
    expect(() => sink.write(Buffer.alloc(20_000))).toThrowError(
      expect.objectContaining({ kind: 'output', code: 'OUTPUT_FULL' }) as Error,
    );
    closeSync(full);
    const reader = openSync(file, 'r');
    const unwritable = new DescriptorSink(reader, 'standard output');
    expect(() => unwritable.write(Buffer.alloc(20_000))).toThrowError(
      expect.objectContaining({ kind: 'output', code: 'OUTPUT_FAILED' }) as Error,
    );
    closeSync(reader);
  });
});
