/** What .dockerignore excludes is not in the image, the Dockerfile included: as by `docker build DIR`. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageArchive } from '../../../src/engine/docker/images.js';
import { run } from '../../support/process/cli.js';
import { readTar } from '../../support/read-tar.js';
import { flatten } from '../embedded/differential/flatten.js';
import { cleanUp, connectTo, engines, uniqueTag, type Variant, variants } from '../engines.js';
import { retried } from '../support.js';

interface Case {
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
  readonly file?: string;
  /** What is in the image. */
  readonly wanted: readonly string[];
  /** What the classic builder has beside: it takes the Dockerfile alone out of a context. */
  readonly classic?: readonly string[];
}

const ALL = 'FROM scratch\nCOPY . /\n';
const CASES: readonly Case[] = [
  {
    title: 'all but one folder',
    files: { Dockerfile: ALL, '.dockerignore': '*\n!dist\n', 'dist/app': '', other: '' },
    wanted: ['/dist', '/dist/app'],
  },
  {
    title: 'the Dockerfile alone',
    files: { Dockerfile: ALL, '.dockerignore': 'Dockerfile\n', app: '' },
    wanted: ['/.dockerignore', '/app'],
  },
  {
    title: 'neither',
    files: { Dockerfile: ALL, '.dockerignore': 'other\n', app: '', other: '' },
    wanted: ['/.dockerignore', '/Dockerfile', '/app'],
  },
  {
    title: 'the folder of the Dockerfile',
    files: { 'docker/x/Dockerfile': ALL, '.dockerignore': 'docker\n', 'docker/other': '', app: '' },
    file: 'docker/x/Dockerfile',
    wanted: ['/.dockerignore', '/app'],
    classic: ['/docker', '/docker/x'],
  },
  {
    title: 'the folder of the Dockerfile but for another file',
    files: {
      'docker/Dockerfile': ALL,
      '.dockerignore': 'docker/*\n.dockerignore\n!docker/kept\n',
      'docker/other': '',
      'docker/kept': '',
    },
    file: 'docker/Dockerfile',
    wanted: ['/docker', '/docker/kept'],
  },
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-concealed-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const { host } of variants) await cleanUp(host);
});

function contextOf(title: string, files: Case['files']): string {
  const context = join(folder, title.replaceAll(' ', '-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(context, name)), { recursive: true });
    writeFileSync(join(context, name), content);
  }
  return context;
}

function pathsOf(archive: Buffer): string[] {
  const files = new Map(readTar(archive).entries.map(({ name, body }) => [name, body]));
  const [manifest] = JSON.parse(String(files.get('manifest.json'))) as [{ Layers: string[] }];
  const layers = manifest.Layers.map((name) => files.get(name) as Buffer);
  const system = flatten(layers.map((layer) => (layer[0] === 0x1f ? gunzipSync(layer) : layer)));
  return Object.keys(system).sort();
}

async function stored({ env }: Variant, name: string): Promise<string[]> {
  const archive = await imageArchive(await connectTo(env), name, new AbortController().signal);
  return pathsOf(await buffer(archive));
}

function environmentOf({ env, engine }: Variant): Record<string, string> {
  const given = {
    ...env,
    ...(engine === 'docker28' && { DOCKER_CONFIG: engines.docker28.dockerConfig }),
  };
  return Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

describe.each(CASES)(
  'a .dockerignore that excludes $title',
  ({ title, files, file, wanted: all, classic = [] }) => {
    const flags = file === undefined ? [] : ['-f', file];

    it.each(variants)('is heeded by $name, as by its own command line', async (variant) => {
      const context = contextOf(title, files);
      const isClassic = !variant.buildkit && !variant.podman;
      const wanted = isClassic ? [...all, ...classic] : all;
      const name = uniqueTag();
      const env = environmentOf(variant);
      const args = ['-q', '--engine', 'docker', '-t', name, ...flags, context];
      const result = await retried(() => run(args, { env }));
      expect(result, result.stderr).toMatchObject({ code: 0 });
      expect(await stored(variant, name)).toEqual(wanted);
      if (variant.podman) return;
      const theirs = uniqueTag();
      const build = ['build', '-q', '-t', theirs, ...flags, '.'];
      await promisify(execFile)(variant.cli, build, { env, cwd: context });
      expect(await stored(variant, theirs)).toEqual(wanted);
    });

    it('is heeded by the embedded engine', async () => {
      const dest = join(folder, 'image.tar');
      const context = contextOf(title, files);
      const args = ['-q', '--engine', 'embedded', '-o', dest, ...flags, context];
      expect(await run(args)).toMatchObject({ code: 0 });
      expect(pathsOf(readFileSync(dest))).toEqual(all);
    });
  },
);

describe('COPY Dockerfile', () => {
  const files = {
    Dockerfile: 'FROM scratch\nCOPY Dockerfile app /\n',
    '.dockerignore': 'Dockerfile\n',
    app: '',
  };

  it.each(variants)('fails on $name when .dockerignore excludes it', async (variant) => {
    const context = contextOf('copied', files);
    const env = environmentOf(variant);
    const args = ['-q', '--engine', 'docker', '-t', uniqueTag(), context];
    expect(await run(args, { env })).toMatchObject({ code: 1 });
  });

  it('fails by the embedded engine when .dockerignore excludes it', async () => {
    const context = contextOf('copied', files);
    const args = ['-q', '--engine', 'embedded', '-o', join(folder, 'none.tar'), context];
    const { code, stderr } = await run(args);
    expect(code).toBe(1);
    expect(stderr).toContain('Dockerfile is not in the context');
  });
});
