/** What an engine sends of a path, entry by entry. */
import type { Container } from '../engine/docker/index.js';
import { EntryView, type ViewHandler } from '../tar/entry-view.js';

/**
 * Reads the archive of a path, to its end or until `hasEnough` says so; what the handler has no interest in is passed by.
 *
 * @param hasEnough gets the bytes read so far. @default never
 */
export async function readArchive(
  container: Container,
  path: string,
  handler: Pick<ViewHandler, 'entry'> & Partial<ViewHandler>,
  signal: AbortSignal,
  hasEnough: (bytes: number) => boolean = () => false,
): Promise<void> {
  const view = new EntryView({ data: () => undefined, hole: () => undefined, ...handler });
  for await (const chunk of await container.archive(path, signal)) {
    view.push(chunk as Buffer);
    if (hasEnough(view.offset)) return;
  }
  view.end();
}
