import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DockerceptionError } from '../../src/errors.js';
import { DescriptorSink } from '../../src/sink/descriptor.js';
import { openPipe } from './sources.js';

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

  test('that is destroyed writes nothing more of what it holds', async () => {
    const sink = new DescriptorSink(descriptor, 'standard output');
    sink.write(Buffer.from('held'));
    sink.destroy(new Error('no'));
    sink.write(Buffer.alloc(20_000));
    await expect(sink.ready()).rejects.toThrowError('no');
    expect(readFileSync(file)).toHaveLength(0);
  });

  test('that is destroyed with last bytes writes what it holds, those, and nothing more', () => {
    const sink = new DescriptorSink(descriptor, 'standard output');
    sink.write(Buffer.from('held '));
    sink.destroy(new Error('no'), Buffer.from('last'));
    sink.destroy(new Error('again'), Buffer.from('again'));
    sink.write(Buffer.alloc(20_000));
    expect(readFileSync(file, 'latin1')).toBe('held last');
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

describe('a descriptor sink on a pipe', () => {
  const CAPACITY = 64 * 1024;
  let folder: string;
  let reader: number;
  let writer: number;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'dockerception-test-'));
    const fifo = path.join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    ({ reader, writer } = openPipe(fifo));
  });
  afterEach(() => {
    for (const descriptor of [reader, writer])
      try {
        closeSync(descriptor);
      } catch {
        // The test has closed it.
      }
    rmSync(folder, { recursive: true });
  });

  /** All that the pipe has, until `length` bytes were read. */
  async function take(length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length);
    for (let at = 0; at < length;)
      try {
        const read = readSync(reader, buffer, at, length - at, null);
        if (read === 0) return buffer.subarray(0, at);
        at += read;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        await sleep(1);
      }
    return buffer;
  }

  const numbered = (length: number): Buffer =>
    Buffer.from(Uint32Array.from({ length: length / 4 }, (_, i) => i).buffer);

  test('writes each byte once when `ready` is called again while it waits', async () => {
    const sink = new DescriptorSink(writer, 'standard output');
    const bytes = numbered(300_000);
    sink.write(bytes.subarray(0, 200_000));
    const first = sink.ready();
    expect(first).toBeInstanceOf(Promise);
    expect(sink.ready()).toBe(first);
    sink.write(bytes.subarray(200_000, 200_100));
    sink.write(bytes.subarray(200_100));
    const ending = sink.end();
    expect((await take(bytes.length)).equals(bytes)).toBe(true);
    await Promise.all([first, ending]);
    closeSync(writer);
    expect(await take(1)).toHaveLength(0);
  });

  test('has no use for the bytes once `ready` has settled, and copies none before', async () => {
    const sink = new DescriptorSink(writer, 'standard output');
    const bytes = numbered(CAPACITY + 100_000);
    sink.write(bytes);
    const waiting = sink.ready();
    // What the pipe hasn't accepted is the caller's own memory: a change is seen.
    bytes.fill(0xff, CAPACITY + 90_000);
    const read = await take(bytes.length);
    await waiting;
    expect(read.equals(bytes)).toBe(true);
  });

  test('reports a reader that goes while it waits, once, and then to every caller', async () => {
    const sink = new DescriptorSink(writer, 'standard output');
    sink.write(Buffer.alloc(200_000));
    const waiting = sink.ready();
    closeSync(reader);
    const gone = { kind: 'output', code: 'OUTPUT_CLOSED', cause: { code: 'EPIPE' } };
    await expect(waiting).rejects.toMatchObject(gone);
    await expect(sink.ready()).rejects.toMatchObject(gone);
    await expect(sink.end()).rejects.toMatchObject(gone);
    expect(() => sink.write(Buffer.alloc(20_000))).not.toThrow();
  });

  test('passes on what it holds and the last bytes to a reader that comes late', async () => {
    const sink = new DescriptorSink(writer, 'standard output');
    const bytes = numbered(200_000);
    sink.write(bytes);
    void sink.ready();
    sink.destroy(new Error('the context is cut short'), Buffer.from('last'));
    await sleep(50);
    const read = await take(bytes.length + 4);
    expect(read.equals(Buffer.concat([bytes, Buffer.from('last')]))).toBe(true);
  });

  test('waits for a reader that has stalled no longer than a second after a signal', async () => {
    const before = openDescriptors();
    const sink = new DescriptorSink(writer, 'standard output');
    sink.write(Buffer.alloc(200_000));
    const waiting = sink.ready();
    sink.destroy(new DockerceptionError('terminated', 'SIGTERM', 'terminated'), Buffer.from('x'));
    const began = performance.now();
    await expect(waiting).rejects.toMatchObject({ kind: 'terminated' });
    expect(performance.now() - began).toBeGreaterThan(500);
    await sleep(20);
    expect(openDescriptors()).toBe(before);
  });

  test('leaves no descriptor open that it has opened', async () => {
    const before = openDescriptors();
    for (const end of [
      (sink: DescriptorSink) => sink.end(),
      (sink: DescriptorSink) => Promise.resolve(sink.destroy(new Error('no'))),
    ]) {
      const sink = new DescriptorSink(writer, 'standard output');
      sink.write(Buffer.from('x'));
      await end(sink);
      expect(openDescriptors()).toBe(before);
    }
  });

  const openDescriptors = (): number => readdirSync('/proc/self/fd').length;
});
