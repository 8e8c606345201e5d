/** A thread that computes a SHA-256 digest of pieces of shared memory: see ThreadHasher. */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';

/** @type {unknown} */
const memory = workerData;
if (!(memory instanceof SharedArrayBuffer)) throw new TypeError('the memory is not shared');
const hash = createHash('sha256');

// The answer to a piece is its offset; that to an empty one is the digest.
parentPort?.on('message', (/** @type {[offset: number, length: number]} */ [offset, length]) => {
  if (length > 0) hash.update(new Uint8Array(memory, offset, length));
  parentPort?.postMessage(length > 0 ? offset : hash.digest('hex'));
});
