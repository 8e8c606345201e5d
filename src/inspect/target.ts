/**
 * What a TARGET means: standard input, a path, a place with a scheme, or else an image that the engine
 * has. A path comes first, as for `docker build`.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

export type Target =
  | { readonly kind: 'stdin' }
  | { readonly kind: 'file' | 'directory' | 'layout'; readonly path: string }
  | { readonly kind: 'registry'; readonly reference: string }
  | { readonly kind: 'image-file'; readonly scheme: string; readonly rest: string }
  | { readonly kind: 'engine'; readonly reference: string };

const SCHEMES = /^(docker-image|oci-layout|oci-archive|docker-archive):\/\/(.+)$/s;

/** Looks what is there. Never rejects: what isn't there may be an image of the engine's. */
export async function targetOf(text: string): Promise<Target> {
  if (text === '-') return { kind: 'stdin' };
  const [, scheme, rest = ''] = SCHEMES.exec(text) ?? [];
  if (scheme === 'docker-image') return { kind: 'registry', reference: rest };
  if (scheme !== undefined) return { kind: 'image-file', scheme, rest };
  const found = await stat(text).catch(() => undefined);
  if (found === undefined) return { kind: 'engine', reference: text };
  if (!found.isDirectory()) return { kind: 'file', path: text };
  return { kind: (await isLayout(text)) ? 'layout' : 'directory', path: text };
}

async function isLayout(folder: string): Promise<boolean> {
  const files = await Promise.all(
    ['oci-layout', 'index.json'].map((name) => stat(join(folder, name)).catch(() => undefined)),
  );
  return files.every((file) => file?.isFile() === true);
}
