/** `--base` makes the image that `docker import` makes of the same tar, whichever engine builds it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageArchive } from '../../../src/engine/docker/images.js';
import { run as runTool } from '../../support/process/cli.js';
import { readTar } from '../../support/read-tar.js';
import {
  dir,
  type Entry,
  file,
  hardLink,
  symlink,
  tarOf,
} from '../embedded/differential/entries.js';
import { type FileSystem, flatten } from '../embedded/differential/flatten.js';
import { cleanUp, connectTo, engines, uniqueTag, variants } from '../engines.js';
import { retried } from '../support.js';

/** Entries below a folder of the case's own, `at`; absolute links begin with it. */
type Case = (at: string) => readonly Entry[];

const CASES: Readonly<Record<string, Case>> = {
  'a file through an absolute link': (at) => [
    dir(`${at}/usr/`),
    dir(`${at}/usr/lib/`),
    file(`${at}/usr/lib/old`),
    symlink(`${at}/lib`, `/${at}/usr/lib`),
    file(`${at}/lib/libapp.so`),
  ],
  'a file through a relative link': (at) => [
    dir(`${at}/usr/`),
    dir(`${at}/usr/lib/`),
    symlink(`${at}/lib`, 'usr/lib'),
    file(`${at}/lib/libapp.so`),
    dir(`${at}/lib/sub/`),
    file(`${at}/lib/sub/deep`),
  ],
  'links that climb': (at) => [
    dir(`${at}/a/`),
    dir(`${at}/a/b/`),
    dir(`${at}/c/`),
    symlink(`${at}/a/b/up`, '../../c'),
    file(`${at}/a/b/up/one`),
  ],
  'links that climb over the root': (at) => [
    dir(`${at}/c/`),
    symlink(`${at}/far`, `../../../../../../${at}/c`),
    file(`${at}/far/file`),
  ],
  'links to links': (at) => [
    dir(`${at}/real/`),
    symlink(`${at}/one`, 'real/.'),
    symlink(`${at}/two`, `/${at}//one/`),
    symlink(`${at}/three`, './two'),
    file(`${at}/three/file`),
    symlink(`${at}/three/inside`, 'file'),
  ],
  'a link inside a directory that a link leads to': (at) => [
    dir(`${at}/x/`),
    dir(`${at}/x/target/`),
    symlink(`${at}/to-x`, 'x'),
    symlink(`${at}/to-x/in`, 'target'),
    file(`${at}/x/in/file`),
    file(`${at}/to-x/in/other`),
  ],
  'a link that a directory replaces': (at) => [
    dir(`${at}/old/`),
    symlink(`${at}/l`, 'old'),
    file(`${at}/l/first`),
    dir(`${at}/l/`),
    file(`${at}/l/second`),
  ],
  'a link that a file replaces, and a directory that': (at) => [
    dir(`${at}/old/`),
    symlink(`${at}/l`, 'old'),
    file(`${at}/l/first`),
    file(`${at}/l`, 'a file'),
  ],
  'a link that another replaces': (at) => [
    dir(`${at}/old/`),
    dir(`${at}/new/`),
    symlink(`${at}/l`, 'old'),
    file(`${at}/l/first`),
    symlink(`${at}/l`, `/${at}/new`),
    file(`${at}/l/second`),
  ],
  'a directory with links that a link replaces': (at) => [
    dir(`${at}/d/`),
    dir(`${at}/e/`),
    dir(`${at}/e/in/`),
    symlink(`${at}/d/in`, `/${at}/e`),
    symlink(`${at}/d`, 'e'),
    file(`${at}/d/in/file`),
  ],
  'a directory with links that a file replaces, and a directory again': (at) => [
    dir(`${at}/d/`),
    symlink(`${at}/d/in`, `/${at}`),
    file(`${at}/d`, 'a file'),
    dir(`${at}/d/`),
    dir(`${at}/d/in/`),
    file(`${at}/d/in/file`),
  ],
  'hard links through links': (at) => [
    dir(`${at}/real/`),
    file(`${at}/real/file`),
    symlink(`${at}/l`, `/${at}/real`),
    hardLink(`${at}/hard`, `${at}/l/file`),
    hardLink(`${at}/l/hard`, `${at}/real/file`),
  ],
  'a hard link to a link': (at) => [
    dir(`${at}/real/`),
    symlink(`${at}/l`, 'real'),
    hardLink(`${at}/again`, `${at}/l`, { mode: 0o777 }),
    file(`${at}/again/file`),
  ],
  'names twice': (at) => [
    file(`${at}/file`, 'one'),
    dir(`${at}/dir/`, { mode: 0o700 }),
    file(`${at}/file`, 'two', { mode: 0o600 }),
    dir(`${at}/dir/`, { mode: 0o750 }),
  ],
  'names with a dot or a slash in front': (at) => [
    dir(`./${at}/a/`),
    symlink(`./${at}/l`, './a'),
    file(`/${at}/l/one`),
    file(`./${at}/./l//two`),
  ],
  'a link of the root’s own': (at) => [symlink(`${at}/root`, '/'), file(`${at}/root/${at}/file`)],
  'names and targets that are no UTF-8, or long': (at) => [
    dir(`${at}/${'n'.repeat(120)}/`),
    symlink(`${at}/l`, 'n'.repeat(120)),
    file(Buffer.concat([Buffer.from(`${at}/l/`), Buffer.from([0xff, 0xe4])]), 'latin'),
    file(`${at}/l/${'m'.repeat(120)}`),
  ],
};

const cases = Object.entries(CASES).map(([title, entries], at) => ({
  title,
  at: `case${at}`,
  entries: [dir(`case${at}/`), ...entries(`case${at}`)],
}));
const tarFor = (those: typeof cases): Buffer => tarOf(those.flatMap(({ entries }) => entries));
const TAR = tarFor(cases);

/** Podman unpacks no context with such a link, whether it has a base or not. */
const podmans = cases.filter(({ title }) => title !== 'links that climb over the root');

/** Engine 20.10 imports no tar that has a name twice, and fails on names that are no UTF-8. */
const older = cases.filter(({ title, entries }) => {
  if (title.includes('UTF-8')) return false;
  const names = readTar(tarOf(entries)).entries.map(({ name }) => name.replace(/\/$/, ''));
  return new Set(names).size === names.length;
});

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-import-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const { host } of variants) await cleanUp(host);
});

/** The file system of an image archive. */
function systemOf(archive: Buffer): FileSystem {
  const files = new Map(readTar(archive).entries.map(({ name, body }) => [name, body]));
  const [manifest] = JSON.parse(String(files.get('manifest.json'))) as [{ Layers: string[] }];
  const layers = manifest.Layers.map((name) => {
    const layer = files.get(name) as Buffer;
    return layer[0] === 0x1f ? gunzipSync(layer) : layer;
  });
  return flatten(layers);
}

function docker(cli: string, host: string, args: readonly string[], input?: Buffer): Buffer {
  return execFileSync(cli, ['-H', host, ...args], { input, maxBuffer: 1 << 26 });
}

/** The file system of an engine's image, in a container of which nothing runs. */
function exported(cli: string, host: string, name: string): FileSystem {
  const container = String(docker(cli, host, ['create', name, '/none'])).trim();
  try {
    return flatten([docker(cli, host, ['export', container])], false);
  } finally {
    docker(cli, host, ['rm', container]);
  }
}

/** What `docker import` makes of the tar. */
function imported(engine: 'docker20' | 'docker28', tar: Buffer): FileSystem {
  const { cli, host } = engines[engine];
  const name = uniqueTag();
  docker(cli, host, ['import', '-', name], tar);
  return exported(cli, host, name);
}

/** A case's part, so that a failure shows little. */
function partOf(system: FileSystem, at: string): FileSystem {
  return Object.fromEntries(
    Object.entries(system)
      .filter(([path]) => path === `/${at}` || path.startsWith(`/${at}/`))
      // BuildKit makes two links of one that has two names.
      .map(([path, what]) => [
        path,
        what.replace(/^symlink .* = (.*)/, (_, other: string) => system[other] ?? ''),
      ]),
  );
}

function expectSame(ours: FileSystem, theirs: FileSystem, those = cases): void {
  for (const { title, at } of those) expect(partOf(ours, at), title).toEqual(partOf(theirs, at));
}

describe('the image of --base scratch', () => {
  let theirs: FileSystem;
  beforeAll(() => {
    theirs = imported('docker28', TAR);
  });

  it('has a reference: both engines import the same', () => {
    expect(older.length).toBeGreaterThan(7);
    expectSame(imported('docker20', tarFor(older)), theirs, older);
  });

  it('is what docker import makes of the tar, by the embedded engine', async () => {
    const dest = join(folder, 'embedded.tar');
    const args = ['-q', '--base', 'scratch', '--engine', 'embedded', '-o', dest];
    const result = await runTool(args, { input: TAR });
    expect(result, result.stderr).toMatchObject({ code: 0 });
    expectSame(systemOf(readFileSync(dest)), theirs);
  });

  it.each(variants)('is what docker import makes of the tar, by $name', async ({ env, podman }) => {
    const those = podman ? podmans : cases;
    const name = uniqueTag();
    const args = ['-q', '--base', 'scratch', '--engine', 'docker', '-t', name];
    const given = Object.fromEntries(
      Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    const result = await retried(() => runTool(args, { input: tarFor(those), env: given }));
    expect(result, result.stderr).toMatchObject({ code: 0 });
    const archive = await imageArchive(await connectTo(env), name, new AbortController().signal);
    expectSame(systemOf(await buffer(archive)), theirs, those);
  });
});
