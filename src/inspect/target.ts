/**
 * What a TARGET means: standard input, a path, a place with a scheme, or else an image that the engine
 * has. A path comes first, as for `docker build`.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DockerceptionError } from '../errors.js';
import { type DiskImageUrl, parseImageUrl } from '../image/image-url.js';
import { isDirTransport } from '../image/layout/dir-transport.js';
import { tryParseReference } from '../image/reference.js';
import { printable } from '../text/printable.js';

export type Target =
  | { readonly kind: 'stdin' }
  | { readonly kind: 'file' | 'directory' | 'layout'; readonly path: string }
  | { readonly kind: 'registry'; readonly reference: string }
  | ({ readonly kind: 'image-file' } & DiskImageUrl)
  | { readonly kind: 'engine'; readonly reference: string }
  /** Neither a path that is there nor what an image can be called. */
  | { readonly kind: 'missing' };

/** Looks what is there. Never rejects: what isn't there may be an image of the engine's. */
export async function targetOf(text: string): Promise<Target> {
  if (text === '-') return { kind: 'stdin' };
  const url = parseImageUrl(text);
  if (url?.scheme === 'docker-image') return { kind: 'registry', reference: url.rest };
  if (url !== undefined) return { kind: 'image-file', ...url };
  // As skopeo and podman name it.
  const transport = /^dir:(?:\/\/)?(.+)$/s.exec(text)?.[1];
  if (transport !== undefined) return { kind: 'layout', path: transport };
  const found = await stat(text).catch(() => undefined);
  if (found === undefined)
    return isEngineImage(text) ? { kind: 'engine', reference: text } : { kind: 'missing' };
  if (!found.isDirectory()) return { kind: 'file', path: text };
  const isImage = (await isLayout(text)) || (await isDirTransport(text));
  return { kind: isImage ? 'layout' : 'directory', path: text };
}

/** Valid names of images, but more likely files. */
const ARCHIVE = /\.(?:tar|tgz|tar\.(?:gz|zst|xz|bz2))$/;

/** What an engine is asked for: a name or an ID, but no name that starts like a path, or ends like an archive's. */
function isEngineImage(text: string): boolean {
  if (ARCHIVE.test(text)) return false;
  return /^(?:sha256:)?[0-9a-f]{1,64}$/.test(text) || tryParseReference(text) !== undefined;
}

/** The error for what is missing. */
export function notThere(text: string): DockerceptionError {
  const message = `looking for ${printable(text)}: there is no such file or folder, and no image is called so`;
  return new DockerceptionError('usage', 'TARGET_NOT_FOUND', message, {
    hint: 'TARGET is a tar, a folder, dir:PATH, - for standard input, an image in the engine, or docker-image://REF',
  });
}

async function isLayout(folder: string): Promise<boolean> {
  const files = await Promise.all(
    ['oci-layout', 'index.json'].map((name) => stat(join(folder, name)).catch(() => undefined)),
  );
  return files.every((file) => file?.isFile() === true);
}
