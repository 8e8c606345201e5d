/** Paths of the host that a build reads and writes, as `checkOwnOutputs` compares them. */
import { resolve } from 'node:path';
import { hostPath } from './image/image-url.js';
import type { CompleteBuild } from './options/build.js';
import { type Output, outputForm } from './options/image.js';
import type { InputPlace, OutputPlace } from './source/own-output.js';

/** A tar's magic number, POSIX ustar. */
const MAGIC = 'ustar';
const MAGIC_AT = 257;

/** What a build reads. */
export function inputsOf({
  context,
  file = 'Dockerfile',
  add,
  buildContexts,
}: Pick<CompleteBuild, 'context' | 'file' | 'add' | 'buildContexts'>): InputPlace[] {
  const inputs: InputPlace[] = [];
  if (context === '-') inputs.push({ path: 0, name: 'standard input' });
  else if (typeof context === 'string') inputs.push({ path: context, name: context, file });
  for (const { host } of add) inputs.push({ path: host, name: host });
  // One that isn't inside the context is the host's.
  if (file !== '-') inputs.push({ path: resolve(file), name: file });
  for (const place of Object.values(buildContexts)) inputs.push(...contextPlaces(place));
  return inputs;
}

/** Where `DIR`, `FILE` or `SCHEME://PATH[:NAME][@DIGEST]` is on this host, if it is. */
export function contextPlaces(text: string): InputPlace[] {
  const path = hostPath(text);
  return path === undefined ? [] : [{ path, name: text }];
}

/** Where an output goes, and how an earlier one is recognised. */
export function outputPlace(output: Output): OutputPlace {
  const { type, dest } = output;
  const isEarlier = type === 'tar' ? isTar : isImageArchive;
  return { path: dest, name: dest, form: outputForm(output), isEarlier };
}

function isTar(_path: string, head: Buffer): boolean {
  return head.toString('latin1', MAGIC_AT, MAGIC_AT + MAGIC.length) === MAGIC;
}

/** A tar with the documents of an OCI layout or of Docker's archive; only its headers are read. */
async function isImageArchive(path: string, head: Buffer): Promise<boolean> {
  if (!isTar(path, head)) return false;
  const { TarFiles } = await import('./image/archive/archive-files.js');
  const files = await TarFiles.open(path).catch(() => undefined);
  if (files === undefined) return false;
  try {
    const sizes = ['manifest.json', 'index.json', 'oci-layout'].map((name) => files.size(name));
    const [manifest, index, layout] = await Promise.all(sizes);
    return manifest !== undefined || (index !== undefined && layout !== undefined);
  } finally {
    await files.close();
  }
}
