/**
 * Frees the buffers of files, sockets and decompressors early. V8 starts a collection when there are 32 MiB of them (V8,
 * `Heap::AllocateExternalBackingStore`), and allocates as many again while these are freed.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes between two collections. One takes some 0.2 ms. */
const INTERVAL = 8 << 20;
/** Bytes of the buffers that such collections leave, above those in use, until a full one. */
const MAX_OLD = 4 << 20;
/** Bytes of a heap whose full collection takes 20 ms at most. */
const SMALL_HEAP = 32 << 20;

type Collect = (options?: { readonly type: 'minor' }) => void;
let collect: Collect | undefined;
let allocated = 0;
let inUse = 0;

/**
 * Counts the bytes of an allocated buffer, and collects the unused ones after every {@link INTERVAL}. A few outlive that: V8
 * frees them late, and there are more with each GiB, unless the heap is small enough for a full collection.
 */
export function countGarbage(bytes: number): void {
  allocated += bytes;
  if (allocated < INTERVAL) return;
  allocated = 0;
  collect ??= exposed();
  collect({ type: 'minor' });
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  if (arrayBuffers < inUse + MAX_OLD || heapUsed > SMALL_HEAP) return;
  collect();
  inUse = process.memoryUsage().arrayBuffers;
}

/** The flag adds `gc` to the contexts that are created while it is set. */
function exposed(): Collect {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return gc;
}
