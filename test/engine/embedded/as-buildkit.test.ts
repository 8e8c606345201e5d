/** Behaviour of BuildKit that a user of `docker build` relies on, without an engine. */
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { build } from '../../../src/build.js';
import { dir, type Entry, file, tarOf } from '../../engines/embedded/differential/entries.js';
import { inChunks } from '../../support/filter.js';
import { readTar } from '../../support/read-tar.js';

type BuildOptions = Parameters<typeof build>[0];

const files = [
  file('package.json', '{}'),
  dir('deep'),
  dir('deep/a'),
  file('deep/a/x.txt', 'x'),
  file('deep/a/y.md', 'y'),
];

interface Made {
  readonly config: {
    readonly created: string;
    readonly config: { readonly Env?: readonly string[] };
    readonly history: readonly { readonly created: string }[];
  };
  /** `MODE UID:GID NAME` of every entry of the layers. */
  readonly entries: readonly string[];
}

async function made(
  lines: readonly string[],
  options: Partial<BuildOptions> = {},
  context: readonly Entry[] = files,
): Promise<Made> {
  const written: Buffer[] = [];
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(Buffer.from(chunk));
      done();
    },
  });
  await build({
    engine: 'embedded',
    owner: 'keep',
    env: {},
    ...options,
    context: inChunks(tarOf([file('Dockerfile', `${lines.join('\n')}\n`), ...context]), 1 << 16),
    outputs: [{ type: 'oci', dest: '-', attributes: { compression: 'none' } }],
    compression: { type: 'none' },
    stdout,
  });
  const { entries } = readTar(Buffer.concat(written));
  const blob = (digest: string): Buffer =>
    entries.find(({ name }) => name === `blobs/${digest.replace(':', '/')}`)?.body as Buffer;
  const json = (bytes: Buffer): never => JSON.parse(bytes.toString()) as never;
  const index: { manifests: { digest: string }[] } = json(
    entries.find(({ name }) => name === 'index.json')?.body as Buffer,
  );
  const manifest: { config: { digest: string }; layers: { digest: string }[] } = json(
    blob(index.manifests[0]?.digest ?? ''),
  );
  return {
    config: json(blob(manifest.config.digest)),
    entries: manifest.layers.flatMap(({ digest }) =>
      readTar(blob(digest)).entries.map(
        ({ header, uid, gid, name }) => `${header.mode.toString(8)} ${uid}:${gid} ${name}`,
      ),
    ),
  };
}

const names = async (...lines: readonly string[]): Promise<readonly string[]> =>
  (await made(['FROM scratch', ...lines])).entries.map((entry) => entry.replace(/^\S+ \S+ /, ''));

describe('a pattern that nothing matches', () => {
  it.each([
    'COPY package.json yarn.lock* /app/',
    'COPY yarn.lock* package.json pnpm* /app/',
    'ADD yarn.lock* package.json /app/',
    'COPY --parents package.json yarn.lock* /app/',
    'COPY deep/no* package.json /app/',
  ])('is optional beside a source that is there: %s', async (line) => {
    expect(await names(line)).toEqual(['app/', 'app/package.json']);
  });

  it('is optional beside a heredoc', async () => {
    expect(await names('COPY nope* <<EOF /app/', 'EOF')).toEqual(['app/', 'app/EOF']);
  });

  it.each(['COPY nope* /', 'COPY nope* no[pe]* /', 'ADD nope* /', 'COPY --parents nope* /'])(
    'is an error where no other source is there: %s',
    async (line) => {
      await expect(names(line)).rejects.toMatchObject({
        kind: 'build',
        code: 'COPY_NOT_FOUND',
        message: expect.stringMatching(/Dockerfile:2: .*nope\* is not in the context/) as string,
      });
    },
  );

  it('is optional below a file, and an error below a directory that is missing', async () => {
    expect(await names('COPY package.json/* package.json /app/')).toContain('app/package.json');
    const line = 'COPY nope/* package.json /';
    await expect(names(line)).rejects.toMatchObject({ kind: 'build', code: 'COPY_NOT_FOUND' });
  });
});

describe('COPY --parents --exclude', () => {
  it.each([
    ['--exclude=deep/a/y.md deep/a /', ['deep/', 'deep/a/', 'deep/a/x.txt']],
    ['--exclude=y.md deep/a /', ['deep/', 'deep/a/', 'deep/a/x.txt', 'deep/a/y.md']],
    ['--exclude=a/y.md deep/./a /', ['a/', 'a/x.txt']],
    ['--exclude=deep/a/*.md deep/a/x.txt deep/a/y.md /', ['deep/', 'deep/a/', 'deep/a/x.txt']],
    ['--exclude=deep deep/a /', []],
    ['--exclude=deep --exclude=!**/x.txt deep/a /', ['deep/', 'deep/a/', 'deep/a/x.txt']],
  ])('matches paths below the pivot: %s', async (words, expected) => {
    expect(await names(`COPY --parents ${words}`)).toEqual(expected);
  });
});

describe('SOURCE_DATE_EPOCH', () => {
  const lines = ['FROM scratch', 'ARG SOURCE_DATE_EPOCH', 'ENV E=$SOURCE_DATE_EPOCH', 'COPY . /'];
  const at = (seconds: number): string =>
    new Date(seconds * 1000).toISOString().replace('.000', '');

  it.each<[string, Partial<BuildOptions>, number]>([
    ['as a build argument', { buildArgs: { SOURCE_DATE_EPOCH: '1000000000' } }, 1e9],
    ['in the environment', { env: { SOURCE_DATE_EPOCH: '1100000000' } }, 1.1e9],
    [
      'as a build argument that the environment has too',
      { buildArgs: { SOURCE_DATE_EPOCH: '1000000000' }, env: { SOURCE_DATE_EPOCH: '1100000000' } },
      1e9,
    ],
  ])('dates the image and its history, and reaches ARG: %s', async (_, options, seconds) => {
    const { config } = await made(lines, options);
    expect(config.created).toBe(at(seconds));
    expect(new Set(config.history.map(({ created }) => created))).toEqual(new Set([at(seconds)]));
    expect(config.config.Env).toContain(`E=${seconds}`);
  });

  it('is refused if it is not a number of seconds', async () => {
    const buildArgs = { SOURCE_DATE_EPOCH: 'today' };
    await expect(made(lines, { buildArgs })).rejects.toMatchObject({ kind: 'usage' });
  });
});

describe('what a Dockerfile names wrongly is the build’s failure:', () => {
  it.each<[string, string, RegExp]>([
    ['a base with capitals', 'FROM Foo/BAR', /Dockerfile:1: .*lowercase/],
    [
      'a --from with capitals',
      'FROM scratch\nCOPY --from=Foo/BAR a /',
      /Dockerfile:2: .*lowercase/,
    ],
    ['${X:#p}', 'FROM scratch\nENV X=${X:#p}', /unsupported modifier \(:#\)/],
    ['${X:%p}', 'FROM scratch\nENV X=${X:%p}', /unsupported modifier \(:%\)/],
  ])('%s', async (_, dockerfile, message) => {
    await expect(made([dockerfile])).rejects.toMatchObject({
      kind: 'build',
      message: expect.stringMatching(message) as string,
    });
  });

  it('a --from that does not exist, though a heredoc takes nothing from it', async () => {
    const lines = ['FROM scratch', 'COPY --from=missing <<EOF /', 'EOF'];
    const buildContexts = { other: '/' };
    const env = { HTTPS_PROXY: 'http://127.0.0.1:9' };
    await expect(made(lines, { buildContexts, env })).rejects.toMatchObject({
      message: expect.stringContaining('missing') as string,
    });
  });
});

describe('directories below one with the set-group-ID bit', () => {
  const archive = tarOf([dir('g', { mode: 0o2775, uid: 7, gid: 50 })]);

  it.each([
    ['COPY package.json /g/a/', '2755 0:50 g/a/'],
    ['COPY --chown=1:2 package.json /g/a/', '2755 1:2 g/a/'],
    ['COPY --chmod=700 package.json /g/a/', '2700 0:50 g/a/'],
    ['COPY deep /g/a', '2755 0:50 g/a/'],
    ['COPY deep /g/x', '755 0:0 g/x/a/'],
    ['WORKDIR /g/a', '2755 0:50 g/a/'],
  ])('inherit its group and the bit where they are created: %s', async (line, expected) => {
    const { entries } = await made(['FROM scratch', 'ADD g.tar /', line], {}, [
      ...files,
      file('g.tar', archive),
    ]);
    expect(entries).toContain(expected);
  });
});

describe('images for Windows are refused by name', () => {
  it.each<[string, readonly string[], Partial<BuildOptions>, string]>([
    ['the target', ['FROM scratch'], { platforms: ['windows/amd64'] }, 'usage'],
    [
      'one of the targets',
      ['FROM scratch'],
      { platforms: ['linux/amd64', 'Windows/arm64'] },
      'usage',
    ],
    ['a stage', ['FROM --platform=windows/amd64 scratch'], {}, 'build'],
    [
      'a stage, by a build argument',
      ['ARG TARGETOS', 'FROM --platform=$TARGETOS/amd64 scratch'],
      { buildArgs: { TARGETOS: 'windows' } },
      'build',
    ],
  ])('%s', async (_, lines, options, kind) => {
    await expect(made(lines, options)).rejects.toMatchObject({
      kind,
      code: 'PLATFORM_WINDOWS',
      message: expect.stringContaining('no images for Windows') as string,
      hint: expect.stringContaining('`engine: docker`') as string,
    });
  });

  it('but not where no stage of the target is for it', async () => {
    const { entries } = await made([
      'FROM --platform=windows/amd64 scratch',
      'FROM scratch',
      'COPY deep/a /',
    ]);
    expect(entries).toHaveLength(2);
  });
});
