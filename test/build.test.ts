import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { build } from '../src/build.js';
import type { Engine, EngineRequest } from '../src/engine/engine.js';
import { DockerceptionError } from '../src/errors.js';

const ID = `sha256:${'1'.repeat(64)}`;

/** Reads the whole context and says yes, as an engine that never looks. */
function trusting(seen: { bytes: Buffer[]; options?: EngineRequest } = { bytes: [] }): Engine {
  return async (context, options) => {
    seen.options = options;
    for await (const chunk of context.stream) seen.bytes.push(chunk as Buffer);
    return { imageId: ID, metadata: {} };
  };
}

async function contextTar(): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'Dockerfile' }, 'FROM scratch\nCOPY app /app\n');
  tar.entry({ name: 'app', uid: 1000, gid: 1000 }, 'hello');
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const chunk of tar) parts.push(chunk as Buffer);
  return Buffer.concat(parts);
}

async function failure(promise: Promise<unknown>): Promise<DockerceptionError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DockerceptionError);
  return error as DockerceptionError;
}

describe('build', () => {
  it('gives the engine the whole context with its end-of-archive, and returns what it made', async () => {
    const seen = { bytes: [] as Buffer[] };
    const built = await build({
      context: Readable.from([await contextTar()]),
      engine: trusting(seen),
    });
    const bytes = Buffer.concat(seen.bytes);
    expect(built).toEqual({
      imageId: ID,
      metadata: {},
      context: { bytes: bytes.length, entries: 2 },
      outputs: [],
    });
    expect(bytes.subarray(-1024).every((byte) => byte === 0)).toBe(true);
  });

  it.each([
    [{ type: 'oci', dest: 'no-such-folder/app.tar' }, 'the folder it belongs into is not there'],
    [{ type: 'tar', dest: 'package.json/root.tar' }, 'a file is where a folder has to be'],
    [{ type: 'local', dest: 'package.json/root' }, 'a file is where a folder has to be'],
  ] as const)('starts no engine for %j, which can’t be written', async (output, why) => {
    const seen = { bytes: [] as Buffer[] };
    const error = await failure(
      build({
        context: Readable.from([await contextTar()]),
        engine: trusting(seen),
        outputs: [{ ...output, attributes: {} }],
      }),
    );
    expect(error).toMatchObject({ code: 'OUTPUT_FAILED', kind: 'output' });
    expect(error.message).toBe(`writing ${output.dest}: ${why}`);
    expect(seen.bytes).toEqual([]);
  });

  it('destroys the engine’s stream with the reason when the context is cut short', async () => {
    const whole = await contextTar();
    let reason: unknown;
    const engine: Engine = async (context) => {
      try {
        for await (const chunk of context.stream) void chunk;
      } catch (error) {
        reason = error;
        throw error;
      }
      throw new Error('the stream ended well');
    };
    const cut = whole.subarray(0, whole.length - 1024);
    const error = await failure(build({ context: Readable.from([cut]), engine }));
    expect([error.kind, error.code]).toEqual(['context', 'TAR_UNTERMINATED']);
    expect(reason).toBe(error);
  });

  it.each([
    ['sub/Dockerfile', { file: 'sub/Dockerfile' }, 512],
    ['Containerfile', {}, 512],
    ['dockerfile', {}, 1],
  ])('shows the lines of the Dockerfile that failed: %s', async (name, options, chunk) => {
    const tar = pack();
    tar.entry({ name }, 'FROM scratch\nCOPY app /old\n');
    tar.entry({ name: 'other/Dockerfile' }, 'FROM scratch\nCOPY app /other\n');
    // The last entry of a name counts.
    tar.entry({ name: `./${name}` }, 'FROM scratch\nCOPY app /app\n');
    tar.finalize();
    const engine: Engine = async ({ stream }, { report }) => {
      for await (const bytes of stream) void bytes;
      const vertexes = [
        { digest: ID, inputs: [], name: '[2/2] COPY app /app', cached: false, error: 'not found' },
      ];
      report({ kind: 'status', status: { vertexes } });
      throw new DockerceptionError('build', 'BUILD_FAILED', 'building the image: not found');
    };
    const bytes = Buffer.concat(await Readable.from(tar).toArray());
    const context = Readable.from(
      Array.from({ length: bytes.length / chunk }, (_, at) =>
        bytes.subarray(at * chunk, (at + 1) * chunk),
      ),
    );
    const error = await failure(build({ context, engine, ...options }));
    expect(error.excerpt).toContain(`${name}:2`);
    expect(error.excerpt).toContain('COPY app /app');
  });

  it('rejects with the engine’s error at once, though the builder is silent', async () => {
    const silent = new PassThrough();
    silent.write((await contextTar()).subarray(0, 700));
    const gone = new DockerceptionError(
      'engine',
      'ENGINE_GONE',
      'building the image: it went away',
    );
    const engine: Engine = async (context) => {
      context.stream.resume();
      await once(context.stream, 'data');
      throw gone;
    };
    const context: NodeJS.ReadableStream & PassThrough = silent;
    expect(await failure(build({ context, engine }))).toBe(gone);
    expect(silent.destroyed).toBe(true);
  });

  it('stops when it is aborted, with the reason that was given', async () => {
    const silent = new PassThrough();
    silent.write(await contextTar());
    const controller = new AbortController();
    const interrupted = new DockerceptionError('interrupted', 'SIGINT', 'interrupted');
    const engine: Engine = async (context, { signal }) => {
      context.stream.resume();
      await once(signal, 'abort').catch(() => undefined);
      throw signal.reason;
    };
    const building = build({ context: silent, engine, signal: controller.signal });
    setTimeout(() => controller.abort(interrupted), 20);
    expect(await failure(building)).toBe(interrupted);
    expect(silent.destroyed).toBe(true);
  });

  it('refuses an option that there isn’t, before anything is read', async () => {
    const context = Readable.from([await contextTar()]);
    const options = { context, engine: trusting(), tag: ['app'] };
    const error = await failure(build(options));
    expect([error.kind, error.message]).toEqual([
      'usage',
      "reading the options: there is no 'tag'",
    ]);
    expect(context.readableDidRead).toBe(false);
  });

  it('passes the options on to the engine, defaulted once', async () => {
    const seen: { bytes: Buffer[]; options?: EngineRequest } = { bytes: [] };
    await build({
      context: Readable.from([await contextTar()]),
      engine: trusting(seen),
      tags: ['app'],
      labels: { a: 'b' },
      file: './Dockerfile',
    });
    expect(seen.options).toMatchObject({
      file: 'Dockerfile',
      tags: ['app'],
      labels: { a: 'b' },
      buildArgs: {},
      platforms: [],
      noCache: false,
      push: false,
      outputs: [],
    });
  });

  it.each(['/etc/Dockerfile', '../Dockerfile', 'a/../../Dockerfile', '.', ''])(
    'refuses %j as the Dockerfile’s path: it is not inside the context',
    async (file) => {
      const error = await failure(build({ context: Readable.from([]), engine: trusting(), file }));
      expect([error.kind, error.code]).toEqual(['usage', 'USAGE_FILE']);
    },
  );
});
