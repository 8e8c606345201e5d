/** The names in a folder of a container: there is no call for that, but an archive of it begins with them. */
import type { Container } from '../engine/docker/index.js';
import type { ViewedEntry } from '../tar/entry-view.js';
import { readArchive } from './read-archive.js';

/** Bytes of an archive that are read for a list: a hint isn't worth more. */
const ENOUGH = 256 << 20;

/** The names right below a folder, as far as the first 256 MiB of its archive tell. */
export async function namesIn(
  container: Container,
  folder: string,
  signal: AbortSignal,
): Promise<string[]> {
  const names = new Set<string>();
  const entry = ({ path }: ViewedEntry): void => {
    // The folder's own name comes first.
    const name = path.replace(/^(?:\.?\/)+/, '').split('/')[folder === '/' ? 0 : 1];
    if (name !== undefined && name !== '') names.add(name);
  };
  await readArchive(container, folder, { entry }, signal, (bytes) => bytes > ENOUGH);
  return [...names];
}
