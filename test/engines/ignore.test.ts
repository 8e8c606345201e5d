/**
 * A directory as this package packs it, and as the docker CLI does: the same names, files and
 * directories, for every .dockerignore of the table. BuildKit of 28 is the reference; the classic
 * builder of 20.10 has an older matcher, and differs where `OLDER` says.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { directorySource } from '../../src/source/directory.js';
import { files, ignores, malformed } from '../dockerfile/patterns/ignore-cases.js';
import { engines, uniqueTag } from './engines.js';

const run = promisify(execFile);
const top = fs.mkdtempSync(path.join(os.tmpdir(), 'dockerception-ignore-'));
const dir = path.join(top, 'context');
const TIMEOUT = 60_000;

/** Where 20.10 matches in another way: "^", "(" and "**x" there are the regular expression's. */
const OLDER = [
  '**foo',
  'a^b',
  'p(q)',
  'p(*',
  '*\n!**/f',
  '*\n!*/f',
  'a/f\n!a',
  '**/foo*\n!dir/sub',
];

beforeAll(() => {
  for (const file of files) {
    fs.mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
    fs.writeFileSync(path.join(dir, file), 'x');
  }
  fs.writeFileSync(path.join(dir, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
});
afterAll(() => fs.rmSync(top, { recursive: true }));

/** The names in a tar, but those that docker keeps for itself or makes in every container. */
async function names(tar: Readable): Promise<string[]> {
  const found: string[] = [];
  const unpack = tar.pipe(extract());
  for await (const entry of unpack) {
    const name = entry.header.name.replace(/\/$/, '');
    if (!/^(\.|Dockerfile|\.dockerignore|\.dockerenv|(dev|etc|proc|sys)(\/.*)?)$/.test(name))
      found.push(name);
    entry.resume();
  }
  return found.sort();
}

async function ours(): Promise<string[]> {
  return names((await directorySource(dir, { file: 'Dockerfile' })).stream);
}

async function buildx28(): Promise<string[]> {
  const { cli, host, dockerConfig } = engines.docker28;
  const tar = path.join(top, 'out.tar');
  await run(cli, ['buildx', 'build', '-q', '-o', `type=tar,dest=${tar}`, dir], {
    env: { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: dockerConfig },
  });
  return names(fs.createReadStream(tar));
}

async function classic20(): Promise<string[]> {
  const { cli, host } = engines.docker20;
  const env = { ...process.env, DOCKER_HOST: host, DOCKER_BUILDKIT: '0', DOCKER_CONFIG: top };
  const docker = async (...args: string[]): Promise<string> =>
    (await run(cli, args, { env })).stdout.trim();
  const tag = uniqueTag();
  const tar = path.join(top, 'out.tar');
  await docker('build', '-q', '-t', tag, dir);
  const container = await docker('create', tag, 'none');
  try {
    await docker('export', '-o', tar, container);
  } finally {
    await docker('rm', container);
    await docker('rmi', tag);
  }
  return names(fs.createReadStream(tar));
}

describe('the same as docker buildx of 28:', () => {
  test.each(ignores)(
    '%j',
    async (text) => {
      fs.writeFileSync(path.join(dir, '.dockerignore'), text);
      expect(await ours()).toEqual(await buildx28());
    },
    TIMEOUT,
  );

  test.each(malformed)(
    '%j is refused',
    async (text) => {
      fs.writeFileSync(path.join(dir, '.dockerignore'), text);
      await expect(ours()).rejects.toMatchObject({ code: 'IGNORE_PATTERN' });
      await expect(buildx28()).rejects.toThrow(/syntax error in pattern|illegal exclusion pattern/);
    },
    TIMEOUT,
  );
});

describe('the same as docker build of 20.10, classic:', () => {
  test.each(ignores.filter((text) => !OLDER.includes(text)))(
    '%j',
    async (text) => {
      fs.writeFileSync(path.join(dir, '.dockerignore'), text);
      const files = (all: string[]): string[] =>
        all.filter((name) => !fs.statSync(path.join(dir, name)).isDirectory());
      expect(files(await ours())).toEqual(files(await classic20()));
    },
    TIMEOUT,
  );
});
