/** The scanning part of `inspect` as functions: bytes in, what was found out, in chunks of any size. */
import { parsePlatform } from '../../../src/image/platform.js';
import { type Entry, find, walk } from '../../../src/inspect/entry.js';
import type { Inspection } from '../../../src/inspect/inspection.js';
import { inspectionJson } from '../../../src/inspect/json.js';
import { readStream, type StreamOptions } from '../../../src/inspect/read/read-stream.js';
import { targetError } from '../../../src/inspect/target.js';
import { listLines } from '../../../src/inspect/text/list.js';
import { streamSource } from '../../../src/source/source.js';
import { inChunks } from '../filter.js';

/** Every stream is read at these; one of a few bytes more than a header, too. */
export const CHUNKS = [1, 511, 513, 64 * 1024];

export interface How extends Partial<Omit<StreamOptions, 'platform'>> {
  readonly chunk?: number;
  readonly platform?: string;
  /** What messages call it. */
  readonly name?: string;
}

/** Looks into a tar, compressed or not, as it comes through a pipe. Rejects as `inspect` does. */
export async function inspected(bytes: Buffer, how: How = {}): Promise<Inspection> {
  const { chunk = 64 * 1024, platform = 'linux/amd64', name = 'the stream', ...options } = how;
  try {
    const source = await streamSource(inChunks(bytes, chunk), name);
    return await readStream(source, {
      target: name,
      signal: new AbortController().signal,
      ...options,
      platform: parsePlatform(platform),
    });
  } catch (error) {
    throw targetError(error, { kind: 'stdin' });
  }
}

/** All that JSON tells, but for how the target was named and which blobs it has. */
export function facts(inspection: Inspection): object {
  const json = JSON.parse([...inspectionJson(inspection)].join('\n')) as {
    target: unknown;
    image?: { digest?: unknown; names?: unknown };
    layers: { digest?: unknown; compressed?: unknown }[];
  };
  json.target = undefined;
  if (json.image !== undefined) json.image = { ...json.image, digest: undefined, names: undefined };
  for (const layer of json.layers)
    Object.assign(layer, { digest: undefined, compressed: undefined });
  return json;
}

/** What `--list` shows. */
export function list({ root }: Inspection): string[] {
  return [...listLines(root, { colour: false, bars: false, width: 80 })];
}

/** Every path, the root's left out; a directory ends in a slash. */
export function paths({ root }: Inspection): string[] {
  const all = [...walk(root)].slice(1);
  return all.map(({ path, kind }) => (kind === 'directory' ? `${path}/` : path));
}

/** What is at a path, which has to be there; no link is followed at its end. */
export function at({ root }: Inspection, path: string): Entry {
  const found = find(root, path, false);
  if (found === undefined) throw new Error(`there is no ${path}`);
  return found;
}
