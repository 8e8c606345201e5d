import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frames } from '../../src/builder/output.js';
import type { DockerceptionError } from '../../src/errors.js';
import { CHUNKS } from '../support/filter.js';
import { frame, inChunks } from './streams.js';

/** What is told, each stream by itself. */
function collect(chunks: Iterable<Buffer>): {
  readonly stdout: string;
  readonly stderr: string;
  readonly isWhole: boolean;
} {
  const parts: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  const frames = new Frames({
    stdout: (bytes) => void parts.stdout.push(Buffer.from(bytes)),
    stderr: (bytes) => void parts.stderr.push(Buffer.from(bytes)),
  });
  for (const chunk of chunks) frames.push(chunk);
  const text = (list: Buffer[]): string => Buffer.concat(list).toString('latin1');
  return { stdout: text(parts.stdout), stderr: text(parts.stderr), isWhole: frames.isWhole };
}

const MIXED = Buffer.concat([
  frame(1, 'first '),
  frame(2, 'a remark'),
  frame(1, ''),
  frame(0, 'second '),
  frame(1, 'x'.repeat(70_000)),
  frame(2, ''),
  frame(2, '\n'),
]);

describe('frames', () => {
  it.each([...CHUNKS, 2, 3, 7, 8, 9, 4096, MIXED.length])(
    'are taken apart in chunks of %i',
    (size) => {
      expect(collect(inChunks(MIXED, size))).toEqual({
        stdout: `first second ${'x'.repeat(70_000)}`,
        stderr: 'a remark\n',
        isWhole: true,
      });
    },
  );

  it('are taken apart wherever any chunks end', () => {
    const payload = fc.tuple(fc.constantFrom(0, 1, 2), fc.uint8Array({ maxLength: 300 }));
    const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 20 }), sizes, (list, lengths) => {
        const all = Buffer.concat(list.map(([stream, bytes]) => frame(stream, bytes)));
        const of = (wanted: (stream: number) => boolean): string =>
          Buffer.concat(
            list.filter(([stream]) => wanted(stream)).map(([, bytes]) => bytes),
          ).toString('latin1');
        expect(collect(inChunks(all, ...lengths))).toEqual({
          stdout: of((stream) => stream !== 2),
          stderr: of((stream) => stream === 2),
          isWhole: true,
        });
      }),
      { seed: 20_260_101, numRuns: 500 },
    );
  });

  it('are passed on as parts of the chunks that came, and nothing is copied', () => {
    const chunk = Buffer.concat([frame(1, 'one'), frame(1, 'two')]);
    const seen: Buffer[] = [];
    new Frames({ stdout: (bytes) => void seen.push(bytes), stderr: () => undefined }).push(chunk);
    expect(seen.map(String)).toEqual(['one', 'two']);
    expect(seen.every(({ buffer }) => buffer === chunk.buffer)).toBe(true);
  });

  it('of the maximal length are passed on as their payload arrives', () => {
    let bytes = 0;
    const frames = new Frames({ stdout: (part) => void (bytes += part.length), stderr() {} });
    frames.push(Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]));
    frames.push(Buffer.alloc(1000));
    expect(bytes).toBe(1000);
    expect(frames.isWhole).toBe(false);
  });

  it.each([1, 7, 8, 9, 12])('that are cut after %i bytes are not whole', (length) => {
    expect(collect([frame(1, 'hello').subarray(0, length)]).isWhole).toBe(false);
  });

  it.each([
    ['text', Buffer.from('Hello, this is a terminal\r\n')],
    ['a stream that there isn’t', Buffer.from([3, 0, 0, 0, 0, 0, 0, 1, 65])],
    ['something in place of a zero', Buffer.from([1, 0, 1, 0, 0, 0, 0, 1, 65])],
    ['a tar', Buffer.concat([Buffer.from('Dockerfile'), Buffer.alloc(502)])],
    ['something behind a good frame', Buffer.concat([frame(1, 'good'), Buffer.from('bad bytes')])],
  ])('are told from %s', (_what, bytes) => {
    for (const size of [1, 5, bytes.length])
      expect(() => collect(inChunks(bytes, size))).toThrow(
        expect.objectContaining({
          kind: 'engine',
          code: 'ENGINE_ANSWER',
          message: expect.stringContaining('no frames') as string,
        }) as DockerceptionError,
      );
  });
});
