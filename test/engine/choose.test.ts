import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { archiveName, chooseEngine, type Choice, type Wanted } from '../../src/engine/choose.js';
import type { Output } from '../../src/engine/engine.js';

const archive: Output = { type: 'oci', dest: 'x.tar', attributes: {} };

describe('the engine that is chosen', () => {
  let dir: string;
  let server: Server | undefined;
  let asked: (string | undefined)[];
  let notices: string[];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
    asked = [];
    notices = [];
  });
  afterEach(async () => {
    server?.close();
    server = undefined;
    await rm(dir, { recursive: true });
  });

  const startEngine = async (): Promise<void> => {
    server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(200, { 'Api-Version': '1.41' }).end('OK');
    }).listen(join(dir, 'engine.sock'));
    await once(server, 'listening');
  };

  const choose = (
    name: 'auto' | 'docker' | 'embedded',
    wanted: Partial<Wanted> = {},
    env: Record<string, string> = { DOCKER_HOST: `unix://${dir}/engine.sock` },
  ): Promise<Choice> =>
    chooseEngine(
      name,
      {
        tags: [],
        outputs: [],
        push: false,
        load: false,
        signal: new AbortController().signal,
        report: (event) => void (event.kind === 'notice' && notices.push(event.message)),
        ...wanted,
      },
      {
        env: { HOME: dir, ...env },
        stdout: new PassThrough(),
        keepOwner: false,
        openDirectory: () => Promise.resolve(new Readable()),
      },
    );

  const failure = async ({ engine }: Choice): Promise<unknown> =>
    (typeof engine === 'function'
      ? engine({ stream: Readable.from([]) }, {} as never)
      : Promise.resolve()
    ).then(
      () => undefined,
      (error: unknown) => error,
    );

  it('is the one that answers, which then keeps the image', async () => {
    await startEngine();
    expect((await choose('auto', { tags: ['app'] })).outputs).toEqual([]);
    expect((await choose('auto')).outputs).toEqual([]);
    expect((await choose('auto', { load: true })).outputs).toEqual([]);
    expect(asked).toEqual(['/_ping', '/_ping', '/_ping']);
    expect(notices).toEqual([]);
  });

  it('is none where none answers: an archive is named after the first tag, and that is said', async () => {
    const { outputs } = await choose('auto', { tags: ['localhost:5000/team/app:1.10', 'b'] });
    expect(outputs).toEqual([{ type: 'oci', dest: 'app-1.10.tar', attributes: {} }]);
    expect(notices).toEqual([
      `no engine answers at unix://${dir}/engine.sock (DOCKER_HOST): assembling the image without one`,
    ]);
  });

  it.each([{}, { load: true }, { load: true, tags: ['app'] }])(
    'says that none answers where %j leaves nothing to write',
    async (wanted) => {
      const choice = await choose('auto', wanted);
      expect(await failure(choice)).toMatchObject({ kind: 'engine', code: 'ENGINE_UNREACHABLE' });
      expect(notices).toEqual([]);
    },
  );

  it('isn’t asked for when the image goes to a file or a registry', async () => {
    await startEngine();
    expect((await choose('auto', { outputs: [archive] })).outputs).toEqual([archive]);
    expect((await choose('auto', { push: true, tags: ['app'] })).outputs).toEqual([]);
    expect(
      (await choose('auto', { outputs: [archive] }, { DOCKER_HOST: 'x://y' })).outputs,
    ).toEqual([archive]);
    expect(asked).toEqual([]);
  });

  it('is the embedded one by its name, which needs to be told where the image goes', async () => {
    await startEngine();
    expect((await choose('embedded', { tags: ['app'] })).outputs).toMatchObject([
      { dest: 'app.tar' },
    ]);
    expect((await choose('embedded', { tags: ['app'], load: true })).outputs).toEqual([]);
    await expect(choose('embedded')).rejects.toMatchObject({ kind: 'usage', code: 'OUTPUT_NONE' });
    expect(asked).toEqual([]);
  });

  it('refuses attributes of an output that mean nothing to it', async () => {
    const named: Output = { ...archive, attributes: { name: 'app' } };
    await expect(choose('auto', { outputs: [named] })).rejects.toMatchObject({
      code: 'OUTPUT_ATTRIBUTE',
      hint: '-t NAME names the image',
    });
    const layout: Output = { ...archive, attributes: { tar: 'false', compression: 'zstd' } };
    expect((await choose('embedded', { outputs: [layout] })).outputs).toEqual([layout]);
  });

  it('is not replaced when what names it is wrong', async () => {
    await expect(choose('auto', { tags: ['a'] }, { DOCKER_HOST: 'x://y' })).rejects.toMatchObject({
      kind: 'engine',
    });
  });

  it.each([
    ['app', 'app.tar'],
    ['app:latest', 'app.tar'],
    ['app:1.10', 'app-1.10.tar'],
    ['localhost:5000/app', 'app.tar'],
    ['[::1]:5000/team/app:v1', 'app-v1.tar'],
  ])('writes %s to %s', (tag, name) => {
    expect(archiveName(tag)).toBe(name);
  });
});
