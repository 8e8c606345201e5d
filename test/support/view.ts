/** Reads the entries of a tar with their contents. */
import { DockerceptionError } from '../../src/errors.js';
import { TarWalk } from '../../src/tar/walk.js';
import type { Ending } from '../../src/tar/walk-handler.js';

interface Seen {
  readonly path: string;
  readonly type: string;
  readonly contentSize: number;
  readonly isSparse: boolean;
  readonly device: { readonly major: number; readonly minor: number } | undefined;
  readonly xattrs: ReadonlyMap<string, Buffer> | undefined;
  readonly content: Buffer;
  /** Lengths of the holes. */
  readonly holes: readonly number[];
}

export interface Viewed {
  readonly entries: readonly Seen[];
  readonly ending: Ending;
  readonly view: TarWalk;
}

/** Views the bytes. Throws what the view throws. */
export function view(bytes: Buffer, chunk = 64 * 1024): Viewed {
  const entries: Seen[] = [];
  let parts: Buffer[] = [];
  let holes: number[] = [];
  const take = (): void => {
    const last = entries.at(-1);
    if (last !== undefined)
      entries[entries.length - 1] = { ...last, content: Buffer.concat(parts), holes };
    parts = [];
    holes = [];
  };
  const viewer = new TarWalk(
    {
      entry(entry) {
        take();
        const { path, type, contentSize, isSparse, device, xattrs } = entry;
        const content = Buffer.alloc(0);
        entries.push({
          path,
          type,
          contentSize,
          isSparse,
          device,
          xattrs: copy(xattrs),
          content,
          holes,
        });
      },
      data: (data) => void parts.push(Buffer.from(data)),
      hole(length) {
        holes.push(length);
        parts.push(Buffer.alloc(length));
      },
    },
    'the stream',
  );
  for (let at = 0; at < bytes.length; at += chunk) {
    // A chunk of its own: what is kept of it beyond the call shows.
    const piece = Buffer.from(bytes.subarray(at, at + chunk));
    viewer.push(piece);
    piece.fill(0xee);
  }
  const ending = viewer.end();
  take();
  return { entries, ending, view: viewer };
}

/** How a tar ends, or the code of the error; its contents aren't kept. */
export function endingOf(bytes: Buffer): string {
  const nothing = (): undefined => undefined;
  const viewer = new TarWalk({ entry: nothing, data: nothing, hole: nothing });
  try {
    viewer.push(bytes);
    return viewer.end();
  } catch (error) {
    if (error instanceof DockerceptionError) return error.code;
    throw error;
  }
}

function copy(xattrs: ReadonlyMap<string, Buffer> | undefined): Map<string, Buffer> | undefined {
  return xattrs && new Map([...xattrs].map(([name, value]) => [name, Buffer.from(value)]));
}
