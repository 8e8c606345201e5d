/**
 * Frees the buffers of a decompressor. V8 collects them only when they are 32 MiB (V8, `Heap::AllocateExternalBackingStore`),
 * and frees these while as many again are allocated.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes between two collections, which take some 0.2 ms. Fewer bytes save no more memory. */
const INTERVAL = 8 << 20;

type Collect = (options: { readonly type: 'minor' }) => void;
let collect: Collect | undefined;
let allocated = 0;

/** Tells that buffers of so many bytes were allocated, most of which are free by now. */
export function countGarbage(bytes: number): void {
  allocated += bytes;
  if (allocated < INTERVAL) return;
  allocated = 0;
  collect ??= exposed();
  collect({ type: 'minor' });
}

/** The flag adds `gc` to the contexts that are created while it is set. */
function exposed(): Collect {
  setFlagsFromString('--expose-gc');
  const exposedCollect = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return exposedCollect;
}
