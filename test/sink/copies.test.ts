/** A body leaves in the memory that it was read into: what is copied doesn't grow with the context. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { filterInto } from '../../src/filter.js';
import { openDescriptor } from '../../src/source/descriptor.js';
import { streamSource } from '../../src/source/source.js';
import { member, tar } from '../support/write-tar.js';
import { PACES, SINKS } from './readers.js';
import { openPipe, produce } from './sources.js';

const BODY = 12 << 20;
/** The first chunk shows the compression and is put back, and headers are gathered. */
const COPIED = 600_000;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dockerception-test-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));
afterEach(() => void vi.restoreAllMocks());

const file = path.join(folder, 'context.tar');
const CONTEXT = tar(
  member({ name: 'Dockerfile', body: 'FROM scratch\n' }),
  member({ name: 'large', body: Buffer.alloc(BODY, 'body'), uid: 7 }),
);
fs.writeFileSync(file, CONTEXT);

/** Counts the bytes that are copied in buffers from now on. */
function countCopies(): () => number {
  const from = vi.spyOn(Buffer, 'from');
  const concat = vi.spyOn(Buffer, 'concat');
  const copy = vi.spyOn(Buffer.prototype, 'copy');
  const sizes = (): number[] => [
    ...from.mock.calls.map(([given]: unknown[]) => (Buffer.isBuffer(given) ? given.length : 0)),
    ...concat.mock.results.map(({ value }) => (value as Buffer).length),
    ...copy.mock.results.map(({ value }) => value as number),
  ];
  return () => sizes().reduce((sum, size) => sum + size, 0);
}

const pipes = Array.from({ length: 20 }, (_, i) => path.join(folder, `fifo-${i}`));
let used = 0;
const fifo = (): string => {
  const made = pipes[used++] as string;
  execFileSync('mkfifo', [made]);
  return made;
};

const SOURCES = {
  'a tar file': () => Promise.resolve(file),
  'a file as standard input': async () =>
    streamSource(openDescriptor(fs.openSync(file, 'r'), true), 'the file'),
  'a pipe': async () => {
    const { reader, writer } = openPipe(fifo());
    void produce(writer, [CONTEXT]);
    return streamSource(openDescriptor(reader, true), 'the pipe');
  },
};

describe.each(Object.entries(SOURCES))('the context from %s', (_, open) => {
  it.each(Object.entries(PACES))('is not copied for a pipe whose reader is %s', async (_, pace) => {
    const context = await open();
    const make = SINKS['a descriptor of a pipe'] as (typeof SINKS)[string];
    const { sink, read } = make({ folder, fifo }, pace);
    const copies = countCopies();
    await filterInto(sink, { context });
    const copied = copies();
    vi.restoreAllMocks();
    expect(await read()).toHaveLength(CONTEXT.length);
    expect(copied).toBeGreaterThan(512);
    expect(copied).toBeLessThan(COPIED);
  });
});
