/** A thread that deflates one block after the other: see WorkerLane. */
import { parentPort } from 'node:worker_threads';
import { deflateRawSync } from 'node:zlib';

/** @typedef {{ block: Uint8Array, options: import('node:zlib').ZlibOptions }} Message */

parentPort?.on('message', (/** @type {Message} */ { block, options }) => {
  const deflated = new Uint8Array(deflateRawSync(block, options));
  parentPort?.postMessage(deflated, [deflated.buffer]);
});
