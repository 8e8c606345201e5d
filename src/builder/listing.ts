/** The names in a folder of a container: there is no call for that, but an archive of it begins with them. */
import type { Container } from '../engine/docker/index.js';
import { EntryView } from '../tar/entry-view.js';

/** Bytes of an archive that are read for a list: a hint isn't worth more. */
const ENOUGH = 256 << 20;

/** The names right below a folder, as far as the first 256 MiB of its archive tell. */
export async function namesIn(
  container: Container,
  folder: string,
  signal: AbortSignal,
): Promise<string[]> {
  const names = new Set<string>();
  const view = new EntryView({
    entry: (entry) => {
      // The folder's own name comes first.
      const name = entry.path.replace(/^(?:\.?\/)+/, '').split('/')[folder === '/' ? 0 : 1];
      if (name !== undefined && name !== '') names.add(name);
    },
    data: () => undefined,
    hole: () => undefined,
  });
  for await (const chunk of await container.archive(folder, signal)) {
    view.push(chunk as Buffer);
    if (view.offset > ENOUGH) break;
  }
  return [...names];
}
