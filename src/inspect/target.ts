/**
 * The meaning of a TARGET: standard input, a path, a URL-like location, or an image of the engine. An existing path takes
 * precedence, as in `docker build`.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DockerceptionError } from '../errors.js';
import { type DiskImageUrl, parseImageUrl } from '../image/image-url.js';
import { isDirTransport } from '../image/layout/dir-transport.js';
import { tryParseReference } from '../image/reference.js';
import { printable } from '../text/printable.js';
import { printableQuote } from '../text/shell-quote.js';

export type Target =
  | { readonly kind: 'stdin' }
  | { readonly kind: 'file' | 'directory' | 'layout'; readonly path: string }
  | { readonly kind: 'registry'; readonly reference: string }
  | ({ readonly kind: 'image-file' } & DiskImageUrl)
  | { readonly kind: 'engine'; readonly reference: string }
  /** Neither an existing path nor a valid name of an image. */
  | { readonly kind: 'missing' };

export async function targetOf(text: string): Promise<Target> {
  if (text === '-') return { kind: 'stdin' };
  const url = parseImageUrl(text);
  if (url?.scheme === 'docker-image') return { kind: 'registry', reference: url.rest };
  if (url !== undefined) return { kind: 'image-file', ...url };
  // skopeo's and podman's transport.
  const transport = /^dir:(?:\/\/)?(.+)$/s.exec(text)?.[1];
  if (transport !== undefined) return { kind: 'layout', path: transport };
  const found = await stat(text).catch(() => undefined);
  if (found === undefined)
    return isEngineImage(text) ? { kind: 'engine', reference: text } : { kind: 'missing' };
  if (!found.isDirectory()) return { kind: 'file', path: text };
  const isImage = (await isLayout(text)) || (await isDirTransport(text));
  return { kind: isImage ? 'layout' : 'directory', path: text };
}

/** Valid names of images that are more likely files. */
const ARCHIVE = /\.(?:tar|tgz|tar\.(?:gz|zst|xz|bz2))$/;

/** A name or an ID, but not the name of an archive. */
function isEngineImage(text: string): boolean {
  if (ARCHIVE.test(text)) return false;
  return /^(?:sha256:)?[0-9a-f]{1,64}$/.test(text) || tryParseReference(text) !== undefined;
}

export function targetNotFound(text: string): DockerceptionError {
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

/** Maps errors of kind build, which readers of images throw, to usage or context. */
export function targetError(error: unknown, target: Target): unknown {
  if (!(error instanceof DockerceptionError)) return error;
  const { code } = error;
  const hint = code === 'IMAGE_AMBIGUOUS' ? choosing(error.hint, target) : error.hint;
  const isUsage = error.kind !== 'build' || /^(?:PLATFORM_UNKNOWN|REGISTRY_NOT_FOUND)$/.test(code);
  if (error.kind !== 'build' && hint === error.hint) return error;
  return error.with({ kind: isUsage ? 'usage' : 'context', hint });
}

/** A name can only follow a location with a scheme. */
function choosing(names: string | undefined, target: Target): string | undefined {
  if (names === undefined || target.kind === 'image-file') return names;
  const suffix = names.includes('after an @') ? '@DIGEST' : ':NAME';
  if (target.kind !== 'file' && target.kind !== 'layout')
    return `write it to FILE, and ${names}, as in oci-archive://FILE${suffix}`;
  const scheme = target.kind === 'file' ? 'oci-archive' : 'oci-layout';
  return `${names}, as in ${printableQuote(`${scheme}://${target.path}`)}${suffix}`;
}
