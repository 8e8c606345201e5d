/** A layer that was recorded, upon the ones below it (OCI image-spec, layer.md, "Applying Changesets"). */
import { DockerceptionError } from '../../errors.js';
import type { ContentSink } from '../../filesystem/content-sink.js';
import type { Tree } from '../../filesystem/tree.js';
import { Unpacker } from '../../filesystem/unpack.js';
import type { Room } from './memory-budget.js';
import type { RecordedLayer } from './record-layer.js';

/** What it is replayed with. */
export interface ReplayOptions {
  readonly tree: Tree;
  /** What messages call it. */
  readonly name: string;
  /** Whether names that start with `.wh.` take away; in a context they are names. */
  readonly whiteouts: boolean;
  /** The number of its first content: its files' `offset`. */
  readonly firstContent: number;
  /** For what entries become: a layer may be there a thousand times. */
  readonly room: Room;
}

/** @throws DockerceptionError of kind context: TAR_LINK, BUILD_LINKS, BUILD_NOT_A_DIRECTORY, TARGET_ENTRIES */
export function replayLayer(
  { entries }: RecordedLayer,
  { tree, name, whiteouts, firstContent, room }: ReplayOptions,
): void {
  let next = 0;
  const contents: ContentSink = { begin: () => next, append: () => undefined };
  const unpacker = new Unpacker({ tree, contents, name, whiteouts });
  try {
    for (const entry of entries) {
      room.take(entry.bytes);
      next = firstContent + entry.content;
      unpacker.entry(entry);
    }
  } catch (error) {
    throw ofTar(error, name);
  }
  unpacker.end();
}

/** To the tree, paths are an instruction's. */
function ofTar(error: unknown, name: string): unknown {
  if (!(error instanceof DockerceptionError)) return error;
  const { code, message } = error;
  const said = message.startsWith('reading ') ? message : `reading ${name}: ${message}`;
  return new DockerceptionError('context', code, said, { cause: error });
}
