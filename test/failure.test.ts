/** Whatever fails, and wherever: no reader takes for a whole tar what has left before. */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { compose } from '../src/edit/edit.js';
import { filterInto } from '../src/filter.js';
import type { FilterOptions } from '../src/options/context.js';
import { runPipeline } from '../src/pipeline.js';
import { FAILURE_BLOCK } from '../src/sink/failure-block.js';
import type { Sink } from '../src/sink/sink.js';
import { readersAccept } from './support/accepts.js';
import { CollectingSink, inChunks } from './support/filter.js';
import { long, member, oldSparse, pax, tar } from './support/write-tar.js';

const DOCKERFILE = member({ name: 'Dockerfile', body: 'FROM scratch\n' });
const CONTEXT = tar(
  DOCKERFILE,
  member({ name: 'app', body: 'a'.repeat(700) }),
  member({ name: 'dropped', body: 'd'.repeat(600) }),
  pax([['path', 'named/by/pax']]),
  member({ name: 'p', body: 'b'.repeat(512) }),
  member({ name: 'directory/', typeflag: '5' }),
  long('L', 'n'.repeat(120)),
  member({ name: 'n', magic: 'gnu', body: 'c' }),
);
const SPARSE = tar(
  DOCKERFILE,
  oldSparse(
    { name: 'sparse' },
    Array.from({ length: 30 }, (_, i) => [i * 4096, 'x'.repeat(512)] as const),
    200_000,
  ),
);

/** Where a cut makes a difference in a block: at its ends, and where the bodies above end in one. */
const IN_BLOCK = [0, 1, 13, 88, 188, 511];

/** What a reader gets that isn't told of the error; undefined when nothing failed. */
async function failed(options: FilterOptions): Promise<Buffer | undefined> {
  const sink = new CollectingSink();
  const error: unknown = await filterInto(sink, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return undefined;
  expect(sink).toMatchObject({ state: 'destroyed', reason: error });
  const { last = Buffer.alloc(0) } = sink;
  const ending = last.subarray(last.length - FAILURE_BLOCK.length);
  expect(last.length === 0 || ending.equals(FAILURE_BLOCK)).toBe(true);
  return Buffer.concat([sink.bytes, last]);
}

describe('a context that is cut at any byte', () => {
  const options = { exclude: ['dropped'], allowNoDockerfile: true };

  it.each([
    ['with every kind of header', CONTEXT],
    ['with a sparse map', SPARSE],
  ])('leaves so that no reader accepts it: one %s', async (_, bytes) => {
    for (const chunk of [bytes.length, 700])
      for (let end = 0; end < bytes.length - 1024; end++) {
        if (!IN_BLOCK.includes(end % 512)) continue;
        const context = inChunks(bytes.subarray(0, end), chunk);
        const output = await failed({ ...options, context });
        expect(output && readersAccept(output), `cut at ${end}`).toBe(false);
      }
  });

  it('is accepted by readers where the end-of-archive begins, if nothing is added', () => {
    expect(readersAccept(CONTEXT)).toBe(true);
    expect(readersAccept(CONTEXT.subarray(0, CONTEXT.length - 1024))).toBe(true);
    expect(readersAccept(CONTEXT.subarray(0, DOCKERFILE.length + 512 + 700))).toBe(true);
    expect(readersAccept(Buffer.concat([DOCKERFILE, FAILURE_BLOCK]))).toBe(false);
    expect(readersAccept(FAILURE_BLOCK)).toBe(false);
  });
});

describe('the failure block follows what has left', () => {
  const ends = async (options: FilterOptions, entries: Buffer): Promise<void> => {
    const output = await failed(options);
    expect(output?.equals(Buffer.concat([entries, FAILURE_BLOCK]))).toBe(true);
  };
  const keep = { owner: 'keep', allowNoDockerfile: true } as const;
  const GOOD = tar(DOCKERFILE);

  it.each([GOOD.length, 512, 700])('when an edit refuses an entry, in chunks of %i', (chunk) => {
    const odd = tar(DOCKERFILE, member({ name: '../../odd', body: 'x' }));
    return ends({ ...keep, context: inChunks(odd, chunk) }, DOCKERFILE);
  });

  it.each([5000, 512, 700])('when a header is corrupt, in chunks of %i', (chunk) => {
    const corrupt = Buffer.concat([DOCKERFILE, Buffer.alloc(512, 'x'), Buffer.alloc(1024)]);
    return ends({ ...keep, context: inChunks(corrupt, chunk) }, DOCKERFILE);
  });

  it('when the Dockerfile is missing', () =>
    ends({ owner: 'keep', file: 'other', context: inChunks(GOOD, 512) }, DOCKERFILE));

  it('when something follows the tar', () => {
    const context = inChunks(Buffer.concat([GOOD, Buffer.from('Done.\n')]), 512);
    return ends({ ...keep, context }, DOCKERFILE);
  });

  it('when the producer fails at the end, or its stream does', async () => {
    const complete = Promise.reject(new Error('the builder failed with code 7'));
    const source = { name: 'the builder', stream: inChunks(GOOD, 512), complete };
    await ends({ ...keep, context: source }, DOCKERFILE);
    const stream = new Readable({ read: () => undefined });
    stream.push(DOCKERFILE);
    setTimeout(() => stream.destroy(new Error('socket hang up')), 20);
    await ends({ ...keep, context: stream }, DOCKERFILE);
  });

  it('when the second part of a context fails', async () => {
    const add = [{ host: '/nowhere/at/all', dest: 'x' }];
    await ends({ ...keep, context: inChunks(GOOD, 512), add }, Buffer.alloc(0));
  });

  it('when there was nothing to read, or the context can’t be opened', async () => {
    await ends({ ...keep, context: inChunks(Buffer.alloc(0), 1) }, Buffer.alloc(0));
    await ends({ ...keep, context: '/nowhere/context.tar' }, Buffer.alloc(0));
  });

  it('when it is aborted, between two entries or before the first', async () => {
    for (const bytes of [DOCKERFILE, Buffer.alloc(0)]) {
      const controller = new AbortController();
      const stream = new Readable({ read: () => undefined });
      if (bytes.length > 0) stream.push(bytes);
      setTimeout(() => controller.abort(new Error('enough')), 30);
      await ends({ ...keep, context: stream, signal: controller.signal }, bytes);
    }
  });

  it('but not where a body is cut, which every reader notices', async () => {
    const bytes = CONTEXT.subarray(0, DOCKERFILE.length + 512 + 100);
    const output = await failed({ ...keep, context: inChunks(bytes, 512) });
    expect(output?.equals(bytes)).toBe(true);
  });
});

describe('an aborted signal', () => {
  const nothing = compose([]);
  const source = (complete: Promise<void>) => ({
    name: 'the builder',
    stream: inChunks(tar(DOCKERFILE), 512),
    complete,
  });
  const never = new Promise<void>(() => undefined);

  it.each([
    ['for the next chunk to be accepted', (sink: Sink) => (sink.ready = () => never), undefined],
    ['for the producer’s success', () => undefined, never],
    ['for the sink’s end', (sink: Sink) => (sink.end = () => never), undefined],
  ])('ends the wait %s', async (_, change, complete = Promise.resolve()) => {
    const sink = new CollectingSink();
    change(sink);
    const controller = new AbortController();
    const plan = { inputs: [{ source: source(complete), edit: nothing }], file: undefined };
    const passing = runPipeline(plan, sink, () => undefined, controller.signal);
    await sleep(30);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(passing).rejects.toBe(reason);
    expect(sink).toMatchObject({ state: 'destroyed', reason });
    await sleep(20);
    expect(plan.inputs[0]?.source.stream.destroyed).toBe(true);
  });
});

describe('a source that fails while another one is read', () => {
  it('is the error that is reported when its turn comes', async () => {
    const failing = new Readable({ read: () => undefined });
    const slow = inChunks(tar(DOCKERFILE), 512);
    const part = (stream: Readable, name: string) => ({
      source: { name, stream, complete: Promise.resolve() },
      edit: compose([]),
    });
    const sink = new CollectingSink();
    sink.ready = () => sleep(10) as unknown as undefined;
    const plan = { inputs: [part(slow, 'first'), part(failing, 'second')], file: undefined };
    const passing = runPipeline(plan, sink, () => undefined);
    failing.destroy(new Error('it broke early'));
    await expect(passing).rejects.toMatchObject({ message: 'reading second: it broke early' });
    expect(sink.last?.equals(FAILURE_BLOCK)).toBe(true);
  });
});
