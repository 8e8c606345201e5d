/**
 * Writes `-o type=tar`: the whole file system as one reproducible tar. As in buildx, several platforms get a folder
 * each: `linux_amd64/`.
 */
import type { Writable } from 'node:stream';
import { saveOutput } from '../../../files/output-file.js';
import { type Change, changes } from '../../../filesystem/changes.js';
import { DIRECTORY, Directory, isDirectory, NO_TIME } from '../../../filesystem/node.js';
import { type LayerSettings, layerTar } from './layer-tar.js';

/** The file system of an image for one platform. */
export interface FlatSystem {
  /** `linux/arm64/v8` */
  readonly platform: string;
  /** Frozen. */
  readonly root: Directory;
  /** The file systems before and after each layer that was built here. Frozen. */
  readonly layers: readonly { readonly before: Directory; readonly after: Directory }[];
}

export type FlatOptions = Omit<LayerSettings, 'compression'>;

/** Writes the tar to `dest`. Resolves to its bytes; throws as {@link saveOutput}. */
export function writeFlatTar(
  systems: readonly FlatSystem[],
  dest: string,
  stdout: Writable,
  options: FlatOptions,
): Promise<number> {
  const tar = layerTar(flatChanges(systems), { ...options, whiteoutNames: true });
  return saveOutput(tar, dest, stdout, options.signal);
}

/**
 * The entries of each file system, as they are after its layers are unpacked. Hard links never lead from one file
 * system to another. Several file systems get a folder each.
 */
export function flatChanges(systems: readonly FlatSystem[]): readonly Iterable<Change>[] {
  if (systems.length === 1) return systems.map((system) => datedChanges(system));
  return systems.map((system) => {
    const name = system.platform.replaceAll('/', '_');
    const children = new Map([[name, system.root]]);
    const root = new Directory(DIRECTORY | 0o755, 0, 0, NO_TIME, undefined, children, {});
    return datedChanges({ ...system, root }, `${name}/`);
  });
}

/** A directory has its time in the last layer that contains it. */
function* datedChanges({ root, layers }: FlatSystem, prefix = ''): Generator<Change> {
  const times = new Map<string, number>();
  for (const { before, after } of layers)
    for (const { path, node, mtime } of changes(before, after))
      if (isDirectory(node)) times.set(prefix + path, mtime);
  for (const change of changes(undefined, root)) {
    const mtime = isDirectory(change.node) ? times.get(change.path) : undefined;
    yield mtime === undefined ? change : { ...change, mtime };
  }
}
