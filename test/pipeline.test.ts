import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { compose } from '../src/edit/edit.js';
import { filterInto } from '../src/filter.js';
import { runPipeline } from '../src/pipeline.js';
import type { Sink } from '../src/sink/sink.js';
import { CHUNKS, CollectingSink, filter, filtered, inChunks } from './support/filter.js';
import { readTar } from './support/read-tar.js';
import { long, member, pax, tar } from './support/write-tar.js';

const DOCKERFILE = member({ name: 'Dockerfile', body: 'FROM scratch\n' });
const GOOD = tar(DOCKERFILE, member({ name: 'app', body: 'a'.repeat(3000) }));
const nothing = compose([]);
const silent = (): void => undefined;

describe('the start of what leaves', () => {
  const startsWithRoot = (output: Buffer): boolean => output.toString('latin1', 0, 3) === './\0';

  test.each([
    ['a PAX header', pax([['comment', 'c']])],
    ['a global PAX header', pax([['comment', 'c']], { typeflag: 'g' })],
    ['a GNU long name', long('L', 'n'.repeat(120))],
    ['a GNU long link', long('K', 'n'.repeat(120))],
  ])('is a plain root entry in front of %s', async (_, lead) => {
    const output = await filtered(tar(lead, member({ name: 'x', mtime: 77 })));
    expect(startsWithRoot(output)).toBe(true);
    expect(readTar(output).entries[0]).toMatchObject({
      name: './',
      typeflag: '5',
      mode: 0o755,
      uid: 0,
      gid: 0,
    });
  });

  test.each(['ustar', 'gnu', 'v7'] as const)(
    'is one where an edit made a name of %s too long for its header',
    async (magic) => {
      const output = await filtered(tar(member({ name: 'x', magic })), { prefix: 'n'.repeat(160) });
      expect(startsWithRoot(output)).toBe(true);
    },
  );

  test.each(['BZhang.txt', '\x1f\x8b\x08', '\xfd7zXZ', '\x28\xb5\x2f\xfd', 'P*M\x18x'])(
    'is one where the first name looks like compressed data: %j',
    async (name) => {
      const bytes = tar(DOCKERFILE, member({ name: 'x' }));
      bytes.write(name.padEnd(11, '\0'), 0, 'latin1');
      const named = tar(member({ name: Buffer.from(name, 'latin1'), body: 'x' }));
      // What the tool itself takes for compressed data needs an edit to get such a name.
      const output = name.startsWith('BZ')
        ? await filtered(named)
        : await filtered(tar(member({ name: Buffer.from(`d/${name}`, 'latin1') })), {
            stripComponents: 1,
          });
      expect(startsWithRoot(output)).toBe(true);
    },
  );

  test('is the stream itself where it is plain, and where all is to be kept', async () => {
    expect(startsWithRoot(await filtered(GOOD))).toBe(false);
    const odd = tar(pax([['comment', 'c']]), member({ name: 'x' }));
    expect(startsWithRoot(await filtered(odd, { owner: 'keep' }))).toBe(false);
    expect(startsWithRoot(await filtered(odd, { owner: 'keep', prefix: 'p' }))).toBe(true);
  });

  test('is dated and owned as the first entry', async () => {
    const odd = tar(pax([['mtime', '77.5']]), member({ name: 'x' }));
    const { entries } = readTar(await filtered(odd, { owner: { uid: 5, gid: 6 } }));
    expect(entries[0]).toMatchObject({ name: './', mtime: '77', uid: 5, gid: 6 });
  });

  test('looks at the first entry that stays', async () => {
    const odd = tar(pax([['comment', 'c']]), member({ name: 'x' }), DOCKERFILE);
    const output = await filtered(odd, { exclude: ['x'] });
    expect(readTar(output).entries.map(({ name }) => name)).toEqual(['Dockerfile']);
  });
});

describe('the gate', () => {
  const endOf = (bytes: Buffer): boolean => bytes.length >= 1024 && readTar(bytes).terminated;

  test('holds the end-of-archive back until the producer has succeeded', async () => {
    const sink = new CollectingSink();
    let succeed: () => void = silent;
    const complete = new Promise<void>((resolve) => (succeed = resolve));
    const source = { name: 'the builder', stream: inChunks(GOOD, 512), complete };
    const passing = runPipeline(
      { inputs: [{ source, edit: nothing }], file: undefined },
      sink,
      silent,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sink.bytes).toHaveLength(GOOD.length - 1024);
    expect(sink.state).toBe('open');
    succeed();
    await passing;
    expect(endOf(sink.bytes)).toBe(true);
    expect(sink.state).toBe('ended');
  });

  test('stays shut when the producer has failed', async () => {
    const sink = new CollectingSink();
    const failure = new Error('the builder failed with code 7');
    const source = {
      name: 'the builder',
      stream: inChunks(GOOD, 512),
      complete: Promise.reject(failure),
    };
    const passing = runPipeline(
      { inputs: [{ source, edit: nothing }], file: undefined },
      sink,
      silent,
    );
    await expect(passing).rejects.toBe(failure);
    expect(sink).toMatchObject({ state: 'destroyed', reason: failure });
    expect(endOf(sink.bytes)).toBe(false);
  });

  test('stays shut when the stream fails, and says whose it was', async () => {
    const stream = new PassThrough();
    stream.write(GOOD.subarray(0, 1000));
    setTimeout(() => stream.destroy(new Error('socket hang up')), 20);
    const sink = new CollectingSink();
    const passing = filterInto(sink, { context: stream });
    await expect(passing).rejects.toMatchObject({
      kind: 'context',
      code: 'SOURCE_FAILED',
      message: 'reading the stream: socket hang up',
    });
    expect(sink.state).toBe('destroyed');
  });

  test('stays shut when the Dockerfile is missing', async () => {
    const { error, sink, output } = await filter(GOOD, { file: 'other/Dockerfile' });
    expect(error).toMatchObject({ kind: 'context', code: 'CONTEXT_NO_DOCKERFILE' });
    expect(sink).toBe('destroyed');
    expect(endOf(output)).toBe(false);
  });

  test.each(CHUNKS)('is opened at once where all is there, in chunks of %i', async (chunk) => {
    const { error, sink, output } = await filter(
      GOOD,
      { file: 'Dockerfile', owner: 'keep' },
      chunk,
    );
    expect({ error, sink }).toEqual({ error: undefined, sink: 'ended' });
    expect(output.equals(GOOD)).toBe(true);
  });
});

describe('a passage', () => {
  test('that is aborted destroys the sink with the reason, and closes its source', async () => {
    const controller = new AbortController();
    const stream = new PassThrough();
    stream.write(GOOD.subarray(0, 1000));
    const sink = new CollectingSink();
    const passing = filterInto(sink, { context: stream, signal: controller.signal });
    const reason = new Error('stop');
    setTimeout(() => controller.abort(reason), 20);
    await expect(passing).rejects.toBe(reason);
    expect(sink).toMatchObject({ state: 'destroyed', reason });
    expect(stream.destroyed).toBe(true);
  });

  test('that was aborted before reads nothing', async () => {
    const sink = new CollectingSink();
    const reason = new Error('stop');
    const passing = filterInto(sink, {
      context: inChunks(GOOD, 512),
      signal: AbortSignal.abort(reason),
    });
    await expect(passing).rejects.toBe(reason);
    expect(sink.bytes).toHaveLength(0);
  });

  test('whose sink fails closes its source, and rejects with the first error', async () => {
    const failure = new Error('no space is left');
    const stream = inChunks(GOOD, 512);
    const destroyed: Error[] = [];
    const sink: Sink = {
      write: () => {
        throw failure;
      },
      ready: () => undefined,
      end: () => Promise.resolve(),
      destroy: (error) => void destroyed.push(error),
    };
    const source = { name: 'it', stream, complete: Promise.resolve() };
    const plan = { inputs: [{ source, edit: nothing }], file: undefined };
    await expect(runPipeline(plan, sink, silent)).rejects.toThrowError(/no space is left/);
    expect(destroyed).toHaveLength(1);
    expect(stream.destroyed).toBe(true);
  });

  test('waits for a slow sink: no more than one chunk is under way', async () => {
    let written = 0;
    let taken = 0;
    let most = 0;
    const sink: Sink = {
      write: (bytes) => {
        written += bytes.length;
        most = Math.max(most, written - taken);
      },
      ready: () =>
        new Promise((resolve) =>
          setTimeout(() => {
            taken = written;
            resolve();
          }, 1),
        ),
      end: () => Promise.resolve(),
      destroy: silent,
    };
    const large = tar(DOCKERFILE, member({ name: 'x', body: Buffer.alloc(256 * 1024, 1) }));
    const context = Readable.from(
      (function* () {
        for (let at = 0; at < large.length; at += 4096) yield large.subarray(at, at + 4096);
      })(),
      { objectMode: false },
    );
    await filterInto(sink, { context });
    expect(written).toBe(large.length);
    expect(most).toBeLessThanOrEqual(8192);
  });

  test('takes its sources one after the other', async () => {
    const sink = new CollectingSink();
    const part = (
      bytes: Buffer,
      name: string,
    ): {
      source: { name: string; stream: Readable; complete: Promise<void> };
      edit: typeof nothing;
    } => ({
      source: { name, stream: inChunks(bytes, 700), complete: Promise.resolve() },
      edit: nothing,
    });
    const plan = {
      inputs: [part(GOOD, 'first'), part(tar(member({ name: 'z' })), 'second')],
      file: undefined,
    };
    const { bytes, entries } = await runPipeline(plan, sink, silent);
    expect(readTar(sink.bytes).entries.map(({ name }) => name)).toEqual(['Dockerfile', 'app', 'z']);
    expect({ bytes, entries }).toEqual({ bytes: sink.bytes.length, entries: 3 });
  });

  test('refuses an option that there is not', async () => {
    const options = { context: inChunks(GOOD, 512), stripComponent: 1 };
    await expect(filterInto(new CollectingSink(), options)).rejects.toMatchObject({
      kind: 'usage',
      message: "reading the options: there is no 'stripComponent'",
    });
  });
});

test('nothing at all is empty, not a tar that ends between two entries, whatever is allowed', async () => {
  const lenient = { allowUnterminated: true, allowNoDockerfile: true, base: 'scratch' };
  const { error, sink } = await filter(Buffer.alloc(0), lenient);
  expect(error).toMatchObject({ kind: 'context', code: 'CONTEXT_EMPTY' });
  expect(sink).toBe('destroyed');
});
