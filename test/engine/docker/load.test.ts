import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connection } from '../../../src/engine/docker/connection.js';
import { resolveEndpoint } from '../../../src/engine/docker/endpoint.js';
import { loadArchive } from '../../../src/engine/docker/load.js';
import type { ProgressEvent } from '../../../src/progress/events.js';

describe('loading an archive', () => {
  let dir: string;
  let server: Server;
  let received: Buffer | undefined;
  let answer: { status: number; lines: readonly string[] };
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
    received = undefined;
    server = createServer((request, response) => {
      buffer(request).then(
        (body) => {
          received = body;
          response.writeHead(answer.status);
          response.end(answer.lines.map((line) => `${line}\r\n`).join(''));
        },
        () => undefined,
      );
    });
    server.listen(join(dir, 'engine.sock'));
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(dir, { recursive: true });
  });

  const events: ProgressEvent[] = [];
  const load = async (
    archive: Readable,
    signal = new AbortController().signal,
  ): Promise<readonly string[]> => {
    const env = { DOCKER_HOST: `unix://${dir}/engine.sock` };
    const connection = new Connection(await resolveEndpoint(env, dir), env);
    events.length = 0;
    return loadArchive(connection, archive, { report: (event) => void events.push(event), signal });
  };

  it.each([1, 3, 65536])(
    'resolves to the names that engines report, in chunks of %i bytes',
    async (size) => {
      answer = {
        status: 200,
        lines: [
          '{"status":"Loading layer","progressDetail":{"current":512,"total":1024},"id":"a0d4388b2a8c"}',
          '{"stream":"Loaded image: app:1\\n"}',
          '{"stream":"Loaded image: localhost:5000/app:2\\n"}',
        ],
      };
      const bytes = Buffer.from('an archive');
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      expect(await load(Readable.from(chunks))).toEqual(['app:1', 'localhost:5000/app:2']);
      expect(received).toEqual(bytes);
      expect(JSON.stringify(events)).toContain('"total":1024');
      expect(JSON.stringify(events.at(-1))).toContain('"completed"');
      answer.lines = ['{"stream":"Loaded image: docker.io/library/app:1,localhost:5000/app:2"}'];
      expect(await load(Readable.from([bytes]))).toEqual([
        'docker.io/library/app:1',
        'localhost:5000/app:2',
      ]);
      answer.lines = ['{"stream":"Loaded image ID: sha256:31e9\\n"}'];
      expect(await load(Readable.from([bytes]))).toEqual(['sha256:31e9']);
    },
  );

  it.each([
    [
      200,
      '{"errorDetail":{"message":"no space\\nleft"},"error":"no space\\nleft"}',
      /no space \/ left$/,
    ],
    [200, '{"stream":"something else"}', /names no image/],
    [500, '{"message":"archive/tar: invalid tar header"}', /: archive\/tar: invalid tar header$/],
    [500, '', /answered 500 and gave no reason/],
  ])('fails with the reason that comes with %i', async (status, line, message) => {
    answer = { status, lines: [line] };
    const loading = load(Readable.from([Buffer.from('x')]));
    await expect(loading).rejects.toMatchObject({
      kind: 'build',
      message: expect.stringMatching(message) as string,
    });
    await expect(loading).rejects.toThrow(/^loading the image into unix:/);
  });

  it('fails with the error of the archive, whose end the engine does not receive', async () => {
    const broken = new Readable({
      read() {
        this.push('half');
        this.destroy(new Error('the disk is on fire'));
      },
    });
    await expect(load(broken)).rejects.toThrow('the disk is on fire');
    expect(received).toBeUndefined();
  });

  it('stops when the signal is aborted', async () => {
    const controller = new AbortController();
    const endless = new Readable({ read: () => undefined });
    endless.push('x');
    const loading = load(endless, controller.signal);
    setTimeout(() => controller.abort(new Error('interrupted')), 20);
    await expect(loading).rejects.toThrow('interrupted');
    expect(endless.destroyed).toBe(true);
  });

  it('names an engine that cannot be reached', async () => {
    server.close();
    await once(server, 'close');
    await expect(load(Readable.from(['x']))).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE' });
  });
});
