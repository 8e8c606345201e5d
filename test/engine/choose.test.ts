import '../../src/engine/docker/docker-engine.js';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { archiveName, type Choice, chooseEngine } from '../../src/engine/choose.js';
import { IMAGE, type Output } from '../../src/options/image.js';
import { normalise } from '../../src/options/schema.js';
import { messageLine } from '../../src/progress/display.js';

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
    wanted: Partial<Parameters<typeof chooseEngine>[1]> = {},
    env: Record<string, string> = {},
    builder?: string,
    tls: Parameters<typeof chooseEngine>[2]['tls'] = {},
  ): Promise<Choice> =>
    chooseEngine(
      name,
      {
        ...normalise(IMAGE, {}),
        signal: new AbortController().signal,
        report: (event) => void (event.kind === 'notice' && notices.push(messageLine(event))),
        ...wanted,
      },
      {
        env: { HOME: dir, ...env },
        builder,
        tls,
        stdout: new PassThrough(),
        keepOwner: false,
        defaultSocket: join(dir, 'engine.sock'),
        openDirectory: () => Promise.resolve(new Readable()),
      },
    );

  /** Why the engine that was chosen rejects at once; undefined when it would build. */
  const failure = async ({ engine }: Choice): Promise<unknown> => {
    if (typeof engine !== 'function') return undefined;
    const stopped = new Error('stopped before the first request');
    const options = { report: () => undefined, signal: AbortSignal.abort(stopped) };
    return engine({ stream: Readable.from([]) }, options as never).then(
      () => undefined,
      (error: unknown) => (error === stopped ? undefined : error),
    );
  };

  it('is the one that answers, which then keeps the image', async () => {
    await startEngine();
    expect((await choose('auto', { tags: ['app'] })).outputs).toEqual([]);
    expect((await choose('auto')).outputs).toEqual([]);
    expect((await choose('auto', { load: true })).outputs).toEqual([]);
    expect(asked).toEqual(['/_ping', '/_ping', '/_ping']);
    expect(notices).toEqual([]);
  });

  it.each(['auto', 'docker', 'embedded'] as const)(
    'is refused with certificates that only a builder uses: %s',
    async (name) => {
      const wanted = { outputs: [archive] };
      const choice = choose(name, wanted, {}, undefined, { caCert: 'ca.pem' });
      await expect(choice).rejects.toMatchObject({ kind: 'usage', code: 'BUILDER_NONE' });
      await choose('auto', wanted, { BUILDKIT_HOST: 'tcp://h:1' }, undefined, { caCert: 'ca.pem' });
    },
  );

  it('is none where none answers: an archive is named after the first tag, and that is said', async () => {
    const { outputs } = await choose('auto', { tags: ['localhost:5000/team/app:1.10', 'b'] });
    expect(outputs).toEqual([{ type: 'oci', dest: 'app-1.10.tar', attributes: {} }]);
    expect(notices).toEqual([
      `warning: no engine answers at unix://${dir}/engine.sock (default socket): the image goes to app-1.10.tar, and into no engine`,
    ]);
  });

  it.each<Partial<Parameters<typeof chooseEngine>[1]>>([
    {},
    { load: true },
    { load: true, tags: ['app'] },
    { call: 'check', tags: ['app'] },
    { secrets: [{ id: 'a' }], tags: ['app'] },
  ])('says that none answers where %j leaves nothing to write', async (wanted) => {
    const choice = await choose('auto', wanted);
    expect(await failure(choice)).toMatchObject({ kind: 'engine', code: 'ENGINE_UNREACHABLE' });
    expect(notices).toEqual([]);
  });

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

  it.each(['docker', 'embedded'] as const)('is not %s with a builder of BuildKit', async (name) => {
    await expect(choose(name, { tags: ['app'] }, {}, 'farm')).rejects.toMatchObject({
      kind: 'usage',
      message: `building with \`builder: farm\`: the ${name} engine does not use it`,
    });
    await expect(choose(name, { tags: ['app'] }, {}, 'default')).resolves.toBeDefined();
  });

  it('refuses attributes of an output that mean nothing to it', async () => {
    const named: Output = { ...archive, attributes: { name: 'app' } };
    await expect(choose('auto', { outputs: [named] })).rejects.toMatchObject({
      code: 'OUTPUT_ATTRIBUTE',
      hint: '`tags: NAME` names the image',
    });
    const layout: Output = { ...archive, attributes: { tar: 'false', compression: 'zstd' } };
    expect((await choose('embedded', { outputs: [layout] })).outputs).toEqual([layout]);
  });

  it('is not replaced when what names it is wrong', async () => {
    await expect(choose('auto', { tags: ['a'] }, { DOCKER_HOST: 'x://y' })).rejects.toMatchObject({
      kind: 'engine',
    });
  });

  /** What may be found at an engine's socket. */
  const STATES: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
    'an engine': () => startEngine(),
    nothing: () => Promise.resolve(),
    'a socket that no process listens on': async (path) => {
      const listener = createSocketServer().listen(`${path}.moved`);
      await once(listener, 'listening');
      // Closing removes the socket by the name that it was created with.
      await rename(`${path}.moved`, path);
      listener.close();
    },
    'a folder, as docker run -v creates it': (path) => mkdir(path),
    'a socket without permission': async () => {
      await startEngine();
      await chmod(dir, 0o755);
      await chmod(join(dir, 'engine.sock'), 0o000);
    },
    'an engine that closes every connection': async (path) => {
      server = createServer().on('connection', (socket) => socket.destroy());
      await once(server.listen(path), 'listening');
    },
    'an engine that answers with errors': async (path) => {
      server = createServer((_, response) => response.writeHead(500).end('{"message":"broken"}'));
      await once(server.listen(path), 'listening');
    },
  };
  const NOT_RUNNING = Object.keys(STATES).slice(1, 4);

  /** How an engine is named; the default socket is named by none of them. */
  const NAMES: Readonly<Record<string, () => Promise<Record<string, string>>>> = {
    nothing: () => Promise.resolve({}),
    'DOCKER_CONTEXT=default': () => Promise.resolve({ DOCKER_CONTEXT: 'default' }),
    'an empty DOCKER_HOST': () => Promise.resolve({ DOCKER_HOST: '' }),
    DOCKER_HOST: () => Promise.resolve({ DOCKER_HOST: `unix://${dir}/engine.sock` }),
    DOCKER_CONTEXT: async () => {
      await storeContext();
      return { DOCKER_CONTEXT: 'here' };
    },
    'the current context': async () => {
      await storeContext();
      await writeFile(join(dir, '.docker', 'config.json'), '{"currentContext":"here"}');
      return {};
    },
  };
  const UNNAMED = Object.keys(NAMES).slice(0, 3);

  const storeContext = async (): Promise<void> => {
    const id = createHash('sha256').update('here').digest('hex');
    const folder = join(dir, '.docker', 'contexts', 'meta', id);
    await mkdir(folder, { recursive: true });
    const Endpoints = { docker: { Host: `unix://${dir}/engine.sock` } };
    await writeFile(join(folder, 'meta.json'), JSON.stringify({ Name: 'here', Endpoints }));
  };

  const WANTED: Readonly<Record<string, Partial<Parameters<typeof chooseEngine>[1]>>> = {
    'no name': {},
    '-t': { tags: ['app'] },
    '-t --load': { tags: ['app'], load: true },
    '-o': { outputs: [archive] },
    '-t --push': { tags: ['app'], push: true },
  };

  /** Does something without the rights of root, who may open any socket. */
  const withoutRights = async <T>(work: () => Promise<T>): Promise<T> => {
    if (process.geteuid?.() !== 0) return work();
    process.seteuid?.(65_534);
    try {
      return await work();
    } finally {
      process.seteuid?.(0);
    }
  };

  describe.each(Object.keys(STATES))('where the socket is %s', (state) => {
    it.each(Object.keys(NAMES))('and %s names the engine', async (name) => {
      await STATES[state]?.(join(dir, 'engine.sock'));
      const env = (await NAMES[name]?.()) ?? {};
      const isDenied = state === 'a socket without permission';
      for (const [asked, wanted] of Object.entries(WANTED)) {
        notices = [];
        const decide = async (): Promise<Choice> => choose('auto', wanted, env);
        const choice = await (isDenied ? withoutRights(decide) : decide());
        const isFile = asked === '-o' || asked === '-t --push';
        const fallsBack = asked === '-t' && NOT_RUNNING.includes(state) && UNNAMED.includes(name);
        const outcome = {
          engine: typeof choice.engine === 'function' ? 'docker' : 'embedded',
          error: await failure(choice),
          outputs: choice.outputs.map(({ dest }) => dest),
          warned: notices.filter((notice) => notice.startsWith('warning: no engine answers'))
            .length,
        };
        const fails = !isFile && !fallsBack && state !== 'an engine';
        expect(outcome, asked).toMatchObject({
          engine: isFile || fallsBack ? 'embedded' : 'docker',
          error: fails ? { kind: 'engine' } : undefined,
          outputs: fallsBack ? ['app.tar'] : asked === '-o' ? ['x.tar'] : [],
          warned: fallsBack ? 1 : 0,
        });
        if (fails && isDenied)
          expect(outcome.error).toMatchObject({
            message: expect.stringMatching(/permission denied$/) as string,
            hint: expect.stringMatching(/sudo.*group.*DOCKER_HOST/) as string,
          });
      }
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
