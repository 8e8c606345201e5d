/**
 * Builders for tests: folders that are built, images that are there, and what a run of one may have left on its
 * engine. Others use the same engines at the same time: so everything has a mark, and is looked for by that.
 */
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import {
  askEngine,
  connectTo,
  engines,
  ENGINES_DIR,
  listLabelled,
  removeImages,
  type Variant,
  variantOf,
} from '../engines.js';
import { openShell, type Outcome, program, type Shell } from '../support.js';

/** An image with gcc and a C library with shared objects, which every engine has. */
export const DEBIAN = (
  JSON.parse(readFileSync(join(ENGINES_DIR, 'engines.json'), 'utf8')) as { readonly debian: string }
).debian;

/** Each engine that isn't like another: a classic builder, BuildKit with containerd's images, and Podman without root. */
export const three = ['docker20 classic', 'docker28 BuildKit', 'podmanRootless'].map(variantOf);
/** For what the builder of an image has no part in. */
export const two = ['docker28 BuildKit', 'podmanRootless'].map(variantOf);

/** Milliseconds in which what was stopped has to be over on a busy machine. */
export const SOON = 15_000;

/**
 * A shell whose folder rootless Podman's user may enter, so that it can be mounted. When it is closed, the images of its
 * builders go, too: where they are the cache, a few hundred of them make an engine slow.
 */
export async function openOpenShell(variant: Variant): Promise<Shell> {
  const shell = await openShell(variant);
  await chmod(dirname(shell.folder), 0o755);
  const marks: string[] = [];
  return {
    ...shell,
    name() {
      const mark = shell.name();
      marks.push(mark);
      return mark;
    },
    async close() {
      await removeLabelled(variant.host, marks);
      await shell.close();
    },
  };
}

async function removeLabelled(host: string, marks: readonly string[]): Promise<void> {
  for (const mark of marks)
    for (const label of [`is=${mark}`, `builder=${mark}`])
      await removeImages(host, await listLabelled(host, label).catch((): string[] => []));
}

/** What a builder's folder has beside what it always has. */
export interface More {
  /** In front of its command, in the Dockerfile. */
  readonly instructions?: readonly string[];
  readonly base?: string;
  /** In front of ENTRYPOINT, in the Dockerfile that it writes. */
  readonly runtime?: readonly string[];
  readonly files?: Readonly<Record<string, string | Buffer>>;
}

/** A script for sh with a mark in it, and in a volume, which tells whether that is left, whatever it is called. */
export const marked = (mark: string, script: string): string => `touch /vol/${mark}; ${script}`;

/** The command line's end: a builder's command with a mark. */
export const runs = (mark: string, script: string): readonly string[] => [
  '--',
  'sh',
  '-c',
  marked(mark, script),
];

/** An image that writes a good context, and has /context and a volume; it goes with the shell. */
export async function imageOf(shell: Shell): Promise<string> {
  const image = shell.name();
  const folder = await folderOf(shell, `of-${image}`, image, 'tar -c .');
  good(await shell.tool(['-q', '--engine', 'docker', '-t', image, folder]));
  return image;
}

/**
 * Makes the folder `NAME` of a builder that runs `script` with sh among the files of a good context: a Dockerfile and a
 * program that prints the mark. The builder's image has the label `builder=MARK`, and a volume without a name; an image of
 * its context would have the label `is=MARK`.
 */
export async function folderOf(
  shell: Shell,
  name: string,
  mark: string,
  script: string,
  { instructions = [], base = engines.base, runtime = [], files = {} }: More = {},
): Promise<string> {
  const folder = join(shell.folder, name);
  await mkdir(join(folder, 'context'), { recursive: true });
  const builder = [
    `FROM ${base}`,
    `LABEL builder=${mark}`,
    'VOLUME /vol',
    'COPY context /context',
    'WORKDIR /context',
    ...instructions,
    `CMD ${JSON.stringify(['sh', '-c', marked(mark, script)])}`,
  ];
  const image = [
    'FROM scratch',
    `LABEL is=${mark}`,
    'COPY hello /hello',
    ...runtime,
    'ENTRYPOINT ["/hello"]',
  ];
  const all = {
    Dockerfile: `${builder.join('\n')}\n`,
    'context/Dockerfile': `${image.join('\n')}\n`,
    'context/hello': program(mark),
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content, { mode: 0o755 });
  }
  return folder;
}

/** Waits until something is so; returns what it was at last. */
export async function until<T>(ask: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const value = await ask();
    if (isSo(value) || tries === 600) return value;
    await sleep(50);
  }
}

/** Builders with a mark in their image's label or in their command; those that run, those that have ended, or both. */
export async function buildersOf(
  host: string,
  mark: string,
  only?: 'running' | 'exited',
): Promise<string[]> {
  interface Listed {
    readonly Id: string;
    readonly State: string;
    readonly Command: string | readonly string[] | null;
    readonly Labels: Readonly<Record<string, string>> | null;
  }
  const all = (await askEngine(host, '/containers/json?all=1')) as readonly Listed[];
  // A mark ends in a number, and is no other one's beginning.
  const marked = new RegExp(`${mark}(?![0-9])`);
  return all
    .filter(({ Labels, Command }) => Labels?.['builder'] === mark || marked.test(String(Command)))
    .filter(({ State }) => only === undefined || State === only)
    .map(({ Id }) => Id);
}

/** Everything with a mark that an engine still has: containers, volumes, images. */
async function tracesOf({ host, buildkit }: Variant, mark: string): Promise<string[]> {
  const { Volumes } = (await askEngine(host, '/volumes')) as {
    readonly Volumes: readonly { readonly Mountpoint: string }[] | null;
  };
  const volumes = (Volumes ?? []).map(({ Mountpoint }) => Mountpoint);
  return [
    ...(await buildersOf(host, mark)).map((id) => `container ${id}`),
    ...volumes.filter((path) => existsSync(join(path, mark))).map((path) => `volume ${path}`),
    ...(await namedLike(host, mark)),
    ...(await listLabelled(host, `is=${mark}`)),
    // For the others images are the cache.
    ...(buildkit ? await listLabelled(host, `builder=${mark}`) : []),
  ];
}

/** Names of images, asked for in a way that costs an engine nothing. */
async function namedLike(host: string, mark: string): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ reference: [`*${mark}*`] }));
  const list = await askEngine(host, `/images/json?filters=${filters}`);
  return (list as readonly { readonly RepoTags: readonly string[] | null }[]).flatMap(
    ({ RepoTags }) => RepoTags ?? [],
  );
}

/** That nothing is left of a mark; an engine may take a moment to notice. */
export async function expectNothingLeft(variant: Variant, mark: string): Promise<void> {
  const left = await until(
    () => tracesOf(variant, mark),
    (traces) => traces.length === 0,
  );
  expect(left).toEqual([]);
}

/** The names of all networks. */
export async function networksOf(host: string): Promise<string[]> {
  const list = (await askEngine(host, '/networks')) as readonly { readonly Name: string }[];
  return list.map(({ Name }) => Name).sort();
}

/** The one builder of a mark that runs: an engine's list may be a moment behind. */
export async function runningBuilderOf(host: string, mark: string): Promise<string> {
  const list = await until(
    () => buildersOf(host, mark, 'running'),
    ({ length }) => length > 0,
  );
  expect(list).toHaveLength(1);
  return list[0] as string;
}

/** Does something to a container over the API. */
export async function act(host: string, method: 'POST' | 'DELETE', path: string): Promise<void> {
  await (await connectTo({ DOCKER_HOST: host })).json({ method, path: `/containers/${path}` });
}

/** What an image of an engine prints. */
export async function printed(shell: Shell, image: string): Promise<string> {
  const { code, stdout, stderr } = await shell.run(`docker run --rm ${image}`);
  expect(code, stderr).toBe(0);
  return stdout.toString();
}

/** Standard output of what has to succeed. */
export function good({ code, stdout, stderr }: Outcome): string {
  expect(code, stderr).toBe(0);
  return stdout.toString();
}
