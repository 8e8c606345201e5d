/**
 * Outputs and inputs of a run: no output replaces an input, and none whose name is derived replaces a file of another
 * kind. Files are compared by their identity, not by their names. Checked before any work.
 */
import { fstatSync, type Stats } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { DockerceptionError } from '../errors.js';
import { hostPath } from '../image/image-url.js';
import type { CompleteBuild } from '../options/build.js';
import { type Output, outputForm } from '../options/image.js';
import { ignoredIn } from '../source/directory.js';
import { MAGIC } from '../tar/block.js';
import { printable } from '../text/printable.js';

/** Bytes of a file that are read to recognise it. */
const HEAD = 4096;

/** A place that will be written. */
export interface OutputPlace {
  readonly path: string;
  /** The name in messages. */
  readonly name: string;
  /** A layout is added to; a folder is merged into. */
  readonly form: 'file' | 'folder' | 'layout';
  /** Whether an existing file was written by an earlier run for the same purpose. */
  readonly isEarlier: (path: string, head: Buffer) => boolean | Promise<boolean>;
  /** Whether its name was derived, not given. */
  readonly isImplicit?: boolean;
}

/** A place that will be read. */
export interface InputPlace {
  /** A path, or the descriptor of standard input. */
  readonly path: string | 0;
  /** The name in messages. */
  readonly name: string;
  /** The Dockerfile's path in a folder that is read with its `.dockerignore`. @default all of the folder is read */
  readonly file?: string;
}

/**
 * Compares every output with every input.
 * @throws DockerceptionError of kind usage: OUTPUT_IS_INPUT, OUTPUT_EXISTS.
 */
export async function checkOwnOutputs(
  outputs: readonly OutputPlace[],
  inputs: readonly InputPlace[],
): Promise<void> {
  for (const output of outputs) {
    const found = await statOf(output.path);
    for (const input of inputs)
      if (await replaces(output, found, input)) throw isInput(output, input);
    if (output.isImplicit === true && found?.isFile() === true && !(await isEarlier(output)))
      throw new DockerceptionError(
        'usage',
        'OUTPUT_EXISTS',
        `writing ${printable(output.name)}: the file exists, and is not an image archive`,
        { hint: '-o FILE names another file, or this one to replace it' },
      );
  }
}

async function replaces(
  output: OutputPlace,
  found: Stats | undefined,
  { path, file }: InputPlace,
): Promise<boolean> {
  // A file can't be written there anyway.
  if (output.form === 'file' && found?.isDirectory() === true) return false;
  const input = await statOf(path);
  if (input === undefined) return false;
  if (found !== undefined && isSame(found, input)) return true;
  if (path === 0 || !input.isDirectory()) return false;
  const root = await realpath(path);
  const place = await placeOf(output.path);
  if (place === undefined) return false;
  // Whatever is merged into a folder above may replace a part of it.
  if (output.form === 'folder' && isBelow(relative(place, root))) return true;
  const inside = relative(root, place);
  if (found === undefined || !isBelow(inside)) return false;
  if (file !== undefined && (await ignoredIn(root, file))(inside)) return false;
  if (found.isDirectory())
    return output.form === 'folder' && (await readdir(place).catch(() => [])).length > 0;
  if (!found.isFile()) return false;
  // All of a folder without exclusions is read, an earlier output as well.
  return found.size > 0 && (file === undefined || !(await isEarlier(output)));
}

/** For standard input, of the file that is redirected to it, if any. */
async function statOf(path: InputPlace['path']): Promise<Stats | undefined> {
  try {
    return path === 0 ? fstatSync(path) : await stat(path);
  } catch {
    return undefined;
  }
}

function isSame(one: Stats, other: Stats): boolean {
  const isStored = one.isFile() || one.isDirectory();
  return isStored && one.dev === other.dev && one.ino === other.ino;
}

/** The real path, also of a file that doesn't exist yet. */
async function placeOf(path: string): Promise<string | undefined> {
  const place = await realpath(path).catch(() => undefined);
  if (place !== undefined) return place;
  const folder = await realpath(dirname(path)).catch(() => undefined);
  return folder && join(folder, basename(path));
}

function isBelow(path: string): boolean {
  return path !== '..' && !path.startsWith('../');
}

async function isEarlier({ path, isEarlier: check }: OutputPlace): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const head = Buffer.alloc(HEAD);
    const { bytesRead } = await file.read(head, 0, HEAD, 0);
    return await check(path, head.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

function isInput(output: OutputPlace, input: InputPlace): DockerceptionError {
  const inside = output.form === 'folder' ? 'holds a part of' : 'is a part of';
  const message = `writing ${printable(output.name)}: it is, or ${inside}, ${printable(input.name)}, which is read`;
  return new DockerceptionError('usage', 'OUTPUT_IS_INPUT', message, {
    hint: output.isImplicit === true ? '-o FILE names another file' : 'name another place',
  });
}

/** The inputs of a build. */
export function inputsOf(options: CompleteBuild): InputPlace[] {
  const { context, file = 'Dockerfile', add, buildContexts } = options;
  const inputs: InputPlace[] = [];
  if (context === '-') inputs.push({ path: 0, name: 'standard input' });
  else if (typeof context === 'string') inputs.push({ path: context, name: context, file });
  for (const { host } of add) inputs.push({ path: host, name: host });
  // A Dockerfile that isn't in the context is a file of the host.
  if (file !== '-') inputs.push({ path: resolve(file), name: file });
  for (const place of Object.values(buildContexts)) inputs.push(...contextPlaces(place));
  return inputs;
}

/** The place of `DIR`, `FILE` or `SCHEME://PATH[:NAME][@DIGEST]` on this host, if any. */
export function contextPlaces(text: string): InputPlace[] {
  const path = hostPath(text);
  return path === undefined ? [] : [{ path, name: text }];
}

/** The place of an output, and how an earlier one is recognised. */
export function outputPlace(output: Output): OutputPlace {
  const { type, dest } = output;
  const isEarlier = type === 'tar' ? isTar : isImageArchive;
  return { path: dest, name: dest, form: outputForm(output), isEarlier };
}

function isTar(_path: string, head: Buffer): boolean {
  return head.toString('latin1', MAGIC.at, MAGIC.at + 5) === 'ustar';
}

/** A tar with the documents of an OCI layout or of Docker's archive; only its headers are read. */
async function isImageArchive(path: string, head: Buffer): Promise<boolean> {
  if (!isTar(path, head)) return false;
  const { TarFiles } = await import('../image/archive/archive-files.js');
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
