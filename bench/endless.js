/**
 * Writes a context to standard output, on and on: `node bench/endless.js 8` has one file of 8 GiB,
 * `node bench/endless.js 0 1000000` as many files of 100 bytes. A third argument is the Dockerfile.
 */
import { pack } from 'tar-stream';
import { writeInto } from './contexts.js';

const [gib = '1', files = '1', dockerfile] = process.argv.slice(2);
const tar = pack();
tar.pipe(process.stdout);
await writeInto(tar, Number(files), () => Number(gib) * 2 ** 30 || 100, undefined, dockerfile);
