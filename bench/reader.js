/** A thread that reads a pipe or a file to its end, as `cat` would, and reports a checksum and the number of bytes. */
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { crc32 } from 'node:zlib';

const chunk = Buffer.alloc(128 << 10);
const never = new Int32Array(new SharedArrayBuffer(4));

parentPort?.on('message', (/** @type {{ path: string, pause: number }} */ { path, pause }) => {
  const input = openSync(path, 'r');
  let [sum, bytes] = [0, 0];
  for (let read; (read = readSync(input, chunk)) > 0; bytes += read) {
    sum = crc32(chunk.subarray(0, read), sum);
    if (pause > 0) Atomics.wait(never, 0, 0, pause);
  }
  closeSync(input);
  parentPort?.postMessage(bytes === 0 ? '' : `${sum.toString(16).padStart(8, '0')}:${bytes}`);
});
