/**
 * Frees the buffers of files, sockets and decompressors early. V8 starts a collection when there are 32 MiB of them (V8,
 * `Heap::AllocateExternalBackingStore`), and allocates as many again while these are freed.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes between two collections. One takes some 0.2 ms. */
const INTERVAL = 8 << 20;
/** The collection after so many others is a full one if the heap is small: some buffers outlive the others, and V8 frees them late. */
const FULL = 128;
/** Bytes of a heap whose full collection takes 20 ms at most. */
const SMALL_HEAP = 32 << 20;

type Collect = (options?: { readonly type: 'minor' }) => void;
let collect: Collect | undefined;
let allocated = 0;
let collections = 0;

/** Counts the bytes of an allocated buffer, and collects the unused ones after every {@link INTERVAL}. */
export function countGarbage(bytes: number): void {
  allocated += bytes;
  if (allocated < INTERVAL) return;
  allocated = 0;
  collect ??= exposed();
  const isFull = ++collections % FULL === 0 && process.memoryUsage().heapUsed < SMALL_HEAP;
  if (isFull) collect();
  else collect({ type: 'minor' });
}

/** The flag adds `gc` to the contexts that are created while it is set. */
function exposed(): Collect {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return gc;
}
