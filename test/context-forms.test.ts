import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterAll, describe, expect, it } from 'vitest';
import type { Engine } from '../src/index.js';
import { build, DockerceptionError, filter, inspect, openBuilder } from '../src/index.js';
import { filterInto } from '../src/index-tar.js';
import type { ContextOptions } from '../src/options/context.js';
import { CollectingSink, inChunks } from './support/filter.js';
import { readTar } from './support/read-tar.js';

const folder = mkdtempSync(join(tmpdir(), 'dockerception-forms-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function contextTar(): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'Dockerfile', uid: 1000 }, 'FROM scratch\nCOPY app /app\n');
  tar.entry({ name: 'app', uid: 1000, gid: 1000 }, Buffer.alloc(700_000, 'text '));
  tar.finalize();
  return Buffer.concat(await Readable.from(tar).toArray());
}

const TAR = await contextTar();
const EXPECTED = await collect(filter({ context: inChunks(TAR, 65_536) }));
const PATH = join(folder, 'context.tar');
writeFileSync(PATH, TAR);

async function collect(stream: Readable): Promise<Buffer> {
  return Buffer.concat((await stream.toArray()) as Buffer[]);
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  const late = delay(5_000, 'it hangs', { ref: false });
  const failed = promise.then(
    () => 'it succeeds',
    (error: unknown) => error,
  );
  return Promise.race([failed, late]);
}

function pieces(bytes: Buffer, size: number): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) all.push(bytes.subarray(at, at + size));
  return all;
}

function webStream(bytes: Buffer, size: number): ReadableStream<Uint8Array> {
  const rest = pieces(bytes, size);
  return new ReadableStream({
    pull(controller) {
      const next = rest.shift();
      if (next === undefined) controller.close();
      else controller.enqueue(new Uint8Array(next));
    },
  });
}

async function* generated(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (const piece of pieces(bytes, size)) yield await Promise.resolve(new Uint8Array(piece));
}

const FORMS: Record<string, (bytes: Buffer, size: number) => ContextOptions['context']> = {
  'a Readable': (bytes, size) => inChunks(bytes, size),
  'a Readable of objects': (bytes, size) => Readable.from(pieces(bytes, size)),
  'a Duplex': (bytes, size) => inChunks(bytes, size).pipe(new PassThrough()),
  'a stream of another library': (bytes) => {
    const tar = pack();
    for (const { name, body } of readTar(bytes).entries) tar.entry({ name, uid: 7 }, body);
    tar.finalize();
    return tar as AsyncIterable<unknown> as AsyncIterable<Uint8Array>;
  },
  'a web stream': webStream,
  'a Buffer': (bytes) => bytes,
  'a Uint8Array': (bytes) => new Uint8Array(bytes),
  'an ArrayBuffer': (bytes) => new Uint8Array(bytes).buffer,
  'a list of buffers': pieces,
  'an async generator': generated,
  'an iterable of ArrayBuffers': (bytes, size) =>
    pieces(bytes, size).map((piece) => new Uint8Array(piece).buffer) as never,
  'a path': () => PATH,
  'a file: URL': () => pathToFileURL(PATH),
};

describe.each(Object.entries(FORMS))('%s', (form, make) => {
  const bytesOf = (bytes: Buffer): string[] =>
    readTar(bytes).entries.map(({ name, body }) => `${name} ${body.length}`);

  it.each([511, 65_536, 1 << 20])('is a context, in pieces of %i bytes', async (size) => {
    const output = await collect(filter({ context: make(TAR, size) }));
    if (form === 'a stream of another library') expect(bytesOf(output)).toEqual(bytesOf(EXPECTED));
    else expect(output.equals(EXPECTED)).toBe(true);
  });

  it('is a context of build', async () => {
    const seen: Buffer[] = [];
    const engine: Engine = async ({ stream }) => {
      for await (const chunk of stream) seen.push(chunk as Buffer);
      return { imageId: 'sha256:1', metadata: {} };
    };
    await build({ context: make(TAR, 65_536), engine, check: false });
    expect(bytesOf(Buffer.concat(seen))).toEqual(bytesOf(EXPECTED));
  });
});

describe('a context in memory', () => {
  it('is compressed or not, and stays as it was', async () => {
    const compressed = gzipSync(TAR);
    const copy = Buffer.from(compressed);
    expect((await collect(filter({ context: compressed }))).equals(EXPECTED)).toBe(true);
    expect(compressed.equals(copy)).toBe(true);
    const plain = Buffer.from(TAR);
    await collect(filter({ context: plain, owner: { uid: 5, gid: 5 } }));
    expect(plain.equals(TAR)).toBe(true);
  });

  it('is read one byte at a time', async () => {
    const tar = TAR.subarray(0, 1536);
    const small = Buffer.concat([tar.subarray(0, 1024), Buffer.alloc(1024)]);
    const expected = await collect(filter({ context: small }));
    for (const form of [
      'a Readable',
      'a Readable of objects',
      'a web stream',
      'an async generator',
    ])
      expect((await collect(filter({ context: FORMS[form]?.(small, 1) }))).equals(expected)).toBe(
        true,
      );
  });
});

describe('a stream that does not yield bytes', () => {
  it.each<[string, () => unknown, string]>([
    ['strings', () => Readable.from(['text']), 'strings'],
    ['numbers', () => [1, 2], 'numbers'],
    ['null', () => [null], 'null'],
    ['objects', () => new Map([['a', 'b']]), 'objects'],
    ['web strings', () => new Response('x').body?.pipeThrough(new TextDecoderStream()), 'strings'],
  ])('of %s is refused', async (_, make, type) => {
    const error = await failureOf(collect(filter({ context: make() as never })));
    expect(error).toMatchObject({
      kind: 'usage',
      message: `reading the context: its stream yields ${type}, not bytes`,
    });
  });

  it('because it has an encoding is refused before it is read', async () => {
    const context = inChunks(TAR, 512).setEncoding('latin1');
    expect(await failureOf(collect(filter({ context })))).toMatchObject({ code: 'USAGE_OPTION' });
  });

  it('because it is locked is refused', async () => {
    const context = webStream(TAR, 512);
    context.getReader();
    expect(await failureOf(collect(filter({ context })))).toMatchObject({ code: 'USAGE_OPTION' });
  });
});

const BROKEN = new Error('the disk is gone');

/** Each fails in the middle with {@link BROKEN}, or at once. */
const FAILING: Record<string, (bytes: Buffer) => ContextOptions['context']> = {
  'a Readable': (bytes) => {
    const stream = new PassThrough();
    if (bytes.length > 0) stream.write(bytes);
    setImmediate(() => stream.destroy(BROKEN));
    return stream;
  },
  'a Readable that has failed': () => new Readable({ read: () => undefined }).destroy(BROKEN),
  'a web stream': (bytes) =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        if (bytes.length > 0) controller.enqueue(new Uint8Array(bytes));
        controller.error(BROKEN);
      },
    }),
  'an async generator': async function* (bytes: Buffer) {
    if (bytes.length > 0) yield await Promise.resolve(bytes);
    throw BROKEN;
  } as never,
  'a generator': function* (bytes: Buffer) {
    if (bytes.length > 0) yield bytes;
    throw BROKEN;
  } as never,
};

describe.each(Object.entries(FAILING))('%s that fails', (_, make) => {
  it.each([0, 5, 2000])('after %i bytes keeps its cause', async (length) => {
    for (const add of [[], [{ host: PATH, dest: 'added' }]]) {
      const bytes = TAR.subarray(0, length);
      const error = await failureOf(collect(filter({ context: make(bytes), add })));
      expect(error).toBeInstanceOf(DockerceptionError);
      expect([(error as DockerceptionError).code, (error as Error).cause]).toEqual([
        'SOURCE_FAILED',
        BROKEN,
      ]);
    }
  });

  it('rejects build while its engine is being found', async () => {
    const engine: Engine = async ({ stream }) => {
      for await (const chunk of stream) void chunk;
      throw new Error('the stream ended well');
    };
    const error = await failureOf(build({ context: make(TAR.subarray(0, 5)), engine }));
    expect((error as Error).cause).toBe(BROKEN);
  });
});

/** Reads a chunk now and then. */
function slowWriter(parts: Buffer[]): Writable {
  return new Writable({
    highWaterMark: 1024,
    write(chunk: Buffer, _, callback) {
      parts.push(Buffer.from(chunk));
      setTimeout(callback, 1);
    },
  });
}

describe('filter without a context', () => {
  it('is a Duplex', () => {
    const stream = filter();
    expect(stream).toBeInstanceOf(Duplex);
    stream.destroy();
  });

  it.each([1, 7, 512, 513, 65_536, 1 << 20])(
    'corrects what is piped through it, in pieces of %i bytes',
    async (size) => {
      const tar = size < 512 ? await smallTar() : TAR;
      const parts: Buffer[] = [];
      const sink = new Writable({
        write: (chunk: Buffer, _, done) => (parts.push(Buffer.from(chunk)), done()),
      });
      await pipeline(inChunks(tar, size), filter(), sink);
      const expected = await collect(filter({ context: tar }));
      expect(Buffer.concat(parts).equals(expected)).toBe(true);
    },
  );

  it.each([
    ['plain', TAR],
    ['compressed', gzipSync(TAR)],
  ])('feeds a slow reader from a %s context', async (_, bytes) => {
    const parts: Buffer[] = [];
    await pipeline(inChunks(bytes, 10_000), filter(), slowWriter(parts));
    expect(Buffer.concat(parts).equals(EXPECTED)).toBe(true);
  });

  it('takes options, chains with itself, and reads what is written in parts', async () => {
    const stream = filter({ prefix: 'in', allowNoDockerfile: true });
    const output = collect(stream.pipe(filter({ allowNoDockerfile: true })));
    for (const piece of pieces(TAR, 100_000))
      if (!stream.write(piece)) await new Promise((resolve) => stream.once('drain', resolve));
    stream.end();
    expect(readTar(await output).entries.map(({ name }) => name)).toEqual([
      'in/Dockerfile',
      'in/app',
    ]);
  });

  it('holds the writer back while nobody reads', async () => {
    const stream = filter();
    let written = 0;
    const block = TAR.subarray(0, 1024);
    stream.write(block);
    const zeros = Buffer.alloc(65_536);
    const big = pack();
    big.entry({ name: 'big', size: 50_000_000 });
    stream.write(Buffer.from(await firstBlock(big)));
    while (written < 50_000_000 && stream.write(zeros)) {
      written += zeros.length;
      await delay(1);
    }
    expect(written).toBeLessThan(2_000_000);
    expect(stream.writableNeedDrain).toBe(true);
    stream.destroy();
  });

  it.each<[string, Buffer, object]>([
    ['cut short', TAR.subarray(0, 5000), { kind: 'context', code: 'TAR_TRUNCATED' }],
    ['no tar', Buffer.from('hello\n'), { kind: 'context', code: 'CONTEXT_TEXT' }],
    ['empty', Buffer.alloc(0), { kind: 'context', code: 'CONTEXT_EMPTY' }],
    ['followed by text', Buffer.concat([TAR, Buffer.from('x')]), { code: 'TAR_TRAILING' }],
    ['without its end', TAR.subarray(0, -1024), { code: 'TAR_UNTERMINATED' }],
  ])(
    'rejects the pipeline when the context is %s, and closes both ends',
    async (_, bytes, error) => {
      const input = inChunks(bytes, 1000);
      const output = slowWriter([]);
      expect(await failureOf(pipeline(input, filter(), output))).toMatchObject(error);
      expect([input.destroyed, output.destroyed]).toEqual([true, true]);
      expect(output.writableFinished).toBe(false);
    },
  );

  it('passes an error of the input on, unchanged, and ends no output', async () => {
    const input = FAILING['a Readable']?.(TAR.subarray(0, 3000)) as Readable;
    const output = slowWriter([]);
    expect(await failureOf(pipeline(input, filter(), output))).toBe(BROKEN);
    expect(output.writableFinished).toBe(false);
  });

  it('passes an error of the output back', async () => {
    const input = inChunks(TAR, 1000);
    const output = new Writable({ write: (_chunk, _encoding, done) => done(BROKEN) });
    expect(await failureOf(pipeline(input, filter(), output))).toBe(BROKEN);
    expect(input.destroyed).toBe(true);
  });

  it('closes without an error when it is destroyed, before and while it works', async () => {
    for (const bytes of [0, 10, 3000]) {
      const stream = filter();
      if (bytes > 0) stream.write(TAR.subarray(0, bytes));
      await delay(5);
      const closed = new Promise((resolve) => stream.once('close', resolve));
      stream.destroy();
      await closed;
      expect(stream.errored).toBe(null);
    }
  });

  it('is destroyed with the reason of its signal, and with that of the pipeline', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const input = new PassThrough();
    input.write(TAR.subarray(0, 3000));
    const running = failureOf(
      pipeline(input, filter({ signal: controller.signal }), slowWriter([])),
    );
    await delay(10);
    controller.abort(reason);
    expect(await running).toBe(reason);

    const other = new AbortController();
    const silent = new PassThrough();
    const stream = filter();
    const piped = failureOf(pipeline(silent, stream, slowWriter([]), { signal: other.signal }));
    await delay(10);
    other.abort(reason);
    expect(await piped).toMatchObject({ name: 'AbortError', cause: reason });
    expect([silent.destroyed, stream.destroyed]).toEqual([true, true]);
  });

  it('is destroyed when its options are wrong', async () => {
    const running = pipeline(inChunks(TAR, 512), filter({ typo: 1 } as object), slowWriter([]));
    expect(await failureOf(running)).toMatchObject({ kind: 'usage', code: 'USAGE_OPTION' });
  });
});

async function smallTar(): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'Dockerfile', uid: 3 }, 'FROM scratch\n');
  tar.finalize();
  return Buffer.concat(await Readable.from(tar).toArray());
}

async function firstBlock(tar: AsyncIterable<unknown>): Promise<Uint8Array> {
  for await (const block of tar) return block as Uint8Array;
  throw new Error('it is empty');
}

describe('an aborted signal', () => {
  const reason = { text: 'not even an Error' };
  const silent = (): Readable => {
    const stream = new PassThrough();
    stream.write(TAR.subarray(0, 700));
    return stream;
  };
  const engine: Engine = async ({ stream }, { signal }) => {
    stream.on('error', () => undefined);
    stream.resume();
    signal.throwIfAborted();
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    throw new Error('it was not aborted');
  };
  const RUNS: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    'filter with a silent context': (signal) => collect(filter({ context: silent(), signal })),
    'filter before the first byte': (signal) =>
      collect(filter({ context: new PassThrough(), signal })),
    'filter as a Duplex': (signal) => collect(filter({ signal })),
    'filter of a silent generator': (signal) =>
      collect(
        filter({
          context: (async function* () {
            yield TAR.subarray(0, 700);
            await new Promise(() => undefined);
          })(),
          signal,
        }),
      ),
    filterInto: (signal) => filterInto(new CollectingSink(), { context: silent(), signal }),
    build: (signal) => build({ context: silent(), engine, signal }),
    'build without an engine': (signal) =>
      build({
        context: silent(),
        engine: 'embedded',
        outputs: [{ type: 'oci', dest: join(folder, 'out.tar'), attributes: {} }],
        signal,
      }),
  };

  it.each(Object.entries(RUNS))('rejects %s with its reason, later', async (_, run) => {
    const controller = new AbortController();
    const running = failureOf(run(controller.signal));
    await delay(20);
    controller.abort(reason);
    expect(await running).toBe(reason);
  });

  const ABORTED: typeof RUNS = {
    ...RUNS,
    'filter of a whole context': (signal) => collect(filter({ context: TAR, signal })),
    'build with Docker': (signal) =>
      build({ context: TAR, engine: 'docker', env: { DOCKER_HOST: 'unix:///nowhere' }, signal }),
    inspect: (signal) => inspect({ target: PATH, signal }),
    openBuilder: (signal) =>
      openBuilder({ fromImage: 'a', env: { DOCKER_HOST: 'unix:///nowhere' }, signal }),
  };

  it.each(Object.entries(ABORTED))(
    'rejects %s with its reason, when it was before',
    async (_, run) => {
      expect(await failureOf(run(AbortSignal.abort(reason)))).toBe(reason);
    },
  );
});
