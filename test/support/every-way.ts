/** Archives read in every way that there is, and how each ends. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { inspect } from '../../src/inspect/inspect.js';
import type { Inspection } from '../../src/inspect/inspection.js';
import {
  archiveOf,
  configOf,
  type Described,
  digest,
  type Files,
  hex,
  index,
} from './inspect/image-forms.js';
import { CHUNKS, inspected } from './inspect/scan.js';
import { member, tar } from './write-tar.js';

let folder: string;
let count = 0;
/** Where they are written. Once in a test's file, at its top. */
export function useFolder(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
}

export const layer = tar(member({ name: 'app', body: 'app' }));
export const image: Described = { layers: [layer] };
export const OCI = 'application/vnd.oci.image';
export const LAYOUT = { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}' };

/** One line, without a stack, fit for a terminal. */
export const PLAIN = /^reading [^\x00-\x1f\x7f-\x9f\u2028-\u202e]{1,1000}$/;

export interface Failure {
  readonly kind: string;
  readonly code: string;
  readonly message: string;
}

/** In every way to read an archive, and as a folder: how each ends. */
export async function everyWay(files: Files): Promise<readonly (Failure | Inspection)[]> {
  const archive = archiveOf(files);
  const place = join(folder, String(count++));
  await mkdir(place);
  const file = join(place, 'image.tar');
  await writeFile(file, archive);
  for (const [path, content] of Object.entries(files)) {
    const at = join(place, 'folder', path);
    await mkdir(dirname(at), { recursive: true });
    if (typeof content === 'string' || Buffer.isBuffer(content)) await writeFile(at, content);
    else await symlink(content.link, at);
  }
  const ways = [
    ...CHUNKS.filter((chunk) => chunk > 1 || archive.length < 1e5).map((chunk) =>
      inspected(archive, { chunk }),
    ),
    ...[file, `oci-archive://${file}`, `docker-archive://${file}`].map((target) =>
      inspect({ target }),
    ),
    inspect({ target: join(place, 'folder') }),
  ];
  return Promise.all(ways.map((way) => way.catch((error: unknown) => error as Failure)));
}

export async function refused(files: Files, expected: object): Promise<void> {
  for (const outcome of await everyWay(files)) {
    expect(outcome).toMatchObject({ kind: 'context', ...expected });
    expect((outcome as Failure).message).toMatch(PLAIN);
  }
}

/** A layout whose manifest, or configuration, is another. */
export function layoutWith(change: {
  readonly manifest?: (manifest: Record<string, unknown>) => unknown;
  readonly config?: string;
  readonly blobs?: Files;
}): Files {
  const config = Buffer.from(change.config ?? configOf(image));
  const whole: Record<string, unknown> = {
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: { mediaType: `${OCI}.config.v1+json`, digest: digest(config), size: config.length },
    layers: [{ mediaType: `${OCI}.layer.v1.tar`, digest: digest(layer), size: layer.length }],
  };
  const manifest = Buffer.from(JSON.stringify(change.manifest?.(whole) ?? whole));
  const blobs = Object.fromEntries<Buffer>(
    [config, manifest, layer].map((blob) => [`blobs/sha256/${hex(blob)}`, blob]),
  );
  const descriptor = {
    mediaType: `${OCI}.manifest.v1+json`,
    digest: digest(manifest),
    size: manifest.length,
  };
  return { ...LAYOUT, ...blobs, ...change.blobs, 'index.json': index([descriptor]) };
}

export const saved = (Config: string, Layers: readonly string[]): string =>
  JSON.stringify([{ Config, RepoTags: null, Layers }]);
export const name = `${hex(configOf(image))}.json`;
