/** A thread that computes a SHA-256 digest of pieces of shared memory: see ThreadHasher. */
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

const hash = createHash('sha256');

// The answer to a piece is its offset; that to an empty one is the digest.
parentPort?.on('message', (/** @type {Uint8Array} */ piece) => {
  if (piece.length > 0) hash.update(piece);
  parentPort?.postMessage(piece.length > 0 ? piece.byteOffset : hash.digest('hex'));
});
