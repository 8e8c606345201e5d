/** The compression of layers alone: `node bench/gzip.js LEVEL THREADS < FILE > FILE.gz`. */
import { readSync, writeSync } from 'node:fs';
import { gzip } from '../dist/compression/gzip.js';

const [level, threads] = process.argv.slice(2).map(Number);

/** Standard input, in chunks of one buffer, as a layer's tar comes. */
async function* input() {
  const chunk = Buffer.allocUnsafeSlow(512 << 10);
  for (let read; (read = readSync(0, chunk)) > 0;) yield chunk.subarray(0, read);
}

for await (const chunk of gzip(input(), { level, threads })) {
  for (let at = 0; at < chunk.length;) at += writeSync(1, chunk, at);
}
