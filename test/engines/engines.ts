/**
 * The real engines that `test/engines/start` has started, for tests: which there are, how to reach
 * them, what images they have. A missing engine is a failure, never a skipped test.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { connectTo } from '../../src/engine/docker/connection.js';
import type { EngineRequest } from '../../src/engine/engine.js';
import type { ProgressEvent } from '../../src/progress/events.js';
import { engineOptions } from '../support/engine-options.js';
import { create as tarOf } from './tar.js';

export { connectTo };

interface EngineEntry {
  /** `unix:///…/engine.sock` */
  readonly host: string;
  readonly version: string;
  readonly pid: number;
  readonly log: string;
  /** The path of its command line. */
  readonly cli: string;
}

/** What is inside a Docker Engine. */
interface Containerd {
  /** The path of its socket. */
  readonly containerd: string;
  /** The path of the command line that fits it. */
  readonly ctr: string;
}

interface RegistryEntry {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  readonly log: string;
}

/** What engines.json says. */
export interface Engines {
  readonly docker20: EngineEntry &
    Containerd & {
      readonly tls: { readonly host: string; readonly certPath: string };
    };
  readonly docker28: EngineEntry &
    Containerd & {
      readonly tcp: string;
      readonly buildx: string;
      readonly dockerConfig: string;
    };
  readonly podman: EngineEntry;
  readonly podmanRootless: EngineEntry & { readonly user: string; readonly uid: number };
  readonly registry: RegistryEntry;
  readonly registryAuth: RegistryEntry & { readonly username: string; readonly password: string };
  readonly ssh: { readonly host: string; readonly path: string; readonly log: string };
  readonly crane: string;
  readonly skopeo: string;
  readonly umoci: string;
  /** A small image with a shell that every engine and registry has. */
  readonly base: string;
  /** The same as an archive that docker load takes. */
  readonly baseTar: string;
  /** Debian 12 with a C compiler and Debian's package tools, which every engine has. */
  readonly debian: string;
}

/** An engine together with a builder that it is asked for. */
export interface Variant {
  readonly name: string;
  readonly engine: 'docker20' | 'docker28' | 'podman' | 'podmanRootless';
  readonly host: string;
  /** DOCKER_HOST and DOCKER_BUILDKIT. */
  readonly env: NodeJS.ProcessEnv;
  readonly cli: string;
  readonly buildkit: boolean;
  readonly podman: boolean;
}

/** The folder of the running engines; `DOCKERCEPTION_ENGINES_DIR` names another. */
export const ENGINES_DIR =
  process.env['DOCKERCEPTION_ENGINES_DIR'] ?? '/var/tmp/dockerception-engines';

/** What is up. Throws when nothing is. */
export const engines: Engines = load();

function load(): Engines {
  const file = join(ENGINES_DIR, 'engines.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} is not there: run test/engines/start first`, { cause: error });
  }
  const found = JSON.parse(text) as Engines;
  for (const name of [
    'docker20',
    'docker28',
    'podman',
    'podmanRootless',
    'registry',
    'registryAuth',
    'ssh',
    'debian',
  ])
    if (!(name in found)) throw new Error(`${file} has no ${name}: run test/engines/start again`);
  return found;
}

function variant(engine: Variant['engine'], buildkit: boolean | undefined): Variant {
  const { host, cli } = engines[engine];
  const podman = buildkit === undefined;
  const env = {
    PATH: process.env['PATH'],
    HOME: homedir(),
    DOCKER_CONFIG: join(ENGINES_DIR, 'no-such-config'),
    DOCKER_HOST: host,
    ...(podman ? {} : { DOCKER_BUILDKIT: buildkit ? '1' : '0' }),
  };
  const name = podman ? engine : `${engine} ${buildkit ? 'BuildKit' : 'classic'}`;
  return { name, engine, host, env, cli, buildkit: buildkit === true, podman };
}

/** Every builder there is: each test of a build runs on all of them. */
export const variants: readonly Variant[] = [
  variant('docker20', false),
  variant('docker20', true),
  variant('docker28', false),
  variant('docker28', true),
  variant('podmanRootless', undefined),
  variant('podman', undefined),
];

export function variantOf(name: string): Variant {
  const found = variants.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

/** Names of this test file. */
const given: string[] = [];

/** A name that no other test uses, for {@link cleanUp} to remove. */
export function uniqueTag(): string {
  const tag = `dockerception-test-${randomBytes(6).toString('hex')}`;
  given.push(tag);
  return tag;
}

interface ListedImage {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
}

/** Names of all images of an engine, sorted. Podman's have a prefix: `docker.io/library/NAME:latest`. */
export async function listTags(host: string): Promise<string[]> {
  const images = await list(host, '');
  return images
    .flatMap(({ RepoTags }) => RepoTags ?? [])
    .filter((name) => name !== '<none>:<none>')
    .sort();
}

/**
 * IDs of all images with a label, without a name or in between too. A context whose first step is a
 * label of its own shows whether anything was built of it, whatever others do on the same engine.
 */
export async function listLabelled(host: string, label: string): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
  return (await list(host, `?all=1&filters=${filters}`)).map(({ Id }) => Id);
}

async function list(host: string, query: string): Promise<ListedImage[]> {
  return (await askEngine(host, `/images/json${query}`)) as ListedImage[];
}

/** The answer to GET. */
export async function askEngine(host: string, path: string): Promise<unknown> {
  const connection = await connectTo({ DOCKER_HOST: host });
  return listAgain(() => connection.json({ method: 'GET', path }));
}

/** Asks for a list until there is one: Podman's fails while another test's image is built or removed, in several words. */
export async function listAgain<T>(list: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++)
    try {
      return await list();
    } catch (error) {
      if (attempt === 20) throw error;
      await sleep(100);
    }
}

/** What the engine says of an image. */
export async function inspectImage(host: string, name: string): Promise<InspectedImage> {
  const connection = await connectTo({ DOCKER_HOST: host });
  const path = `/images/${encodeURIComponent(name)}/json`;
  return (await connection.json({ method: 'GET', path })) as InspectedImage;
}

/** The part of an inspected image that tests look at. */
export interface InspectedImage {
  readonly Id: string;
  readonly RepoTags: readonly string[];
  readonly Architecture: string;
  readonly Config: {
    readonly Labels: Readonly<Record<string, string>> | null;
    readonly Env: readonly string[] | null;
  };
}

/** Removes every image that {@link uniqueTag} named. */
export async function cleanUp(host: string): Promise<void> {
  await removeNamed(host, given);
}

/** Removes the images whose names contain one of these texts. */
export async function removeNamed(host: string, texts: readonly string[]): Promise<void> {
  const tags = await listTags(host);
  await removeImages(
    host,
    tags.filter((tag) => texts.some((text) => tag.includes(text))),
  );
}

/** Removes images by name or ID. One may have gone with another, or another may need it. */
export async function removeImages(host: string, images: readonly string[]): Promise<void> {
  const connection = await connectTo({ DOCKER_HOST: host });
  for (const image of images)
    await connection
      .json({ method: 'DELETE', path: `/images/${encodeURIComponent(image)}?force=1` })
      .catch(() => undefined);
}

/** A context as a tar: paths to contents. */
export async function contextOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  return tarOf(Object.entries(files).map(([name, content]) => ({ name, content })));
}

/** Build options that ask for nothing, with what was reported. */
export function options(
  change: Partial<EngineRequest> = {},
): EngineRequest & { readonly events: readonly ProgressEvent[] } {
  const events: ProgressEvent[] = [];
  const report = (event: ProgressEvent): void => void events.push(event);
  return { ...engineOptions({ report, ...change }), events };
}

/** All the text that the steps of a build printed. */
export function logsOf(events: readonly ProgressEvent[]): string {
  return events
    .flatMap((event) => (event.kind === 'status' ? (event.status.logs ?? []) : []))
    .map((log) => log.data)
    .join('');
}

/** The names of all steps that a build reported. */
export function stepsOf(events: readonly ProgressEvent[]): string[] {
  return events
    .flatMap((event) => (event.kind === 'status' ? (event.status.vertexes ?? []) : []))
    .map((vertex) => vertex.name);
}

/** Runs a program to its end; rejects when it fails. */
export const run = promisify(execFile);
