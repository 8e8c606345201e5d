import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { JsonLines } from '../../../src/engine/docker/upload.js';

function split(bytes: Buffer, size: number, limit?: number): unknown[] {
  const values: unknown[] = [];
  const lines = new JsonLines((value) => values.push(value), limit);
  for (let at = 0; at < bytes.length; at += size) lines.write(bytes.subarray(at, at + size));
  lines.end();
  return values;
}

const sizes = [1, 2, 3, 7, 64, 1000, 1 << 20];

describe('newline-delimited JSON', () => {
  it.each(sizes)('is split at chunks of %i bytes, inside of characters too', (size) => {
    const text = '{"stream":"grün ✓ 🎉"}\r\n\n  \n{"b":[1]}\n"last one without a newline"';
    expect(split(Buffer.from(text), size)).toEqual([
      { stream: 'grün ✓ 🎉' },
      { b: [1] },
      'last one without a newline',
    ]);
  });

  it.each(sizes)('of a real engine is the same at chunks of %i bytes', (size) => {
    const bytes = readFileSync(new URL('fixtures/docker28-buildkit.jsonl', import.meta.url));
    const whole = bytes
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(split(bytes, size)).toEqual(whole);
  });

  it.each(sizes)(
    'may have lines up to the limit and none longer, at chunks of %i bytes',
    (size) => {
      const exact = Buffer.from(`"${'x'.repeat(98)}"\n`.repeat(2));
      expect(split(exact, size, 100)).toHaveLength(2);
      expect(() => split(Buffer.from(`"${'x'.repeat(99)}"\n`), size, 100)).toThrow(
        "reading the engine's answer: a line is longer than 100 bytes",
      );
    },
  );

  it('stops at an endless line before it uses much memory', () => {
    const lines = new JsonLines(() => {}, 1 << 20);
    let taken = 0;
    expect(() => {
      for (; taken < 100; taken++) lines.write(Buffer.alloc(65536, 'x'));
    }).toThrow(/longer/);
    expect(taken).toBeLessThan(17);
  });

  it('that isn’t JSON is quoted, its beginning only', () => {
    const page = `<html>${'x'.repeat(1000)}</html>\n`;
    expect(() => split(Buffer.from(page), 64)).toThrow(/not JSON: "<html>x{74}"$/);
  });
});
