/** Writes a context with one file of so many GiB to standard output: `node bench/endless.js 8`. */
import { pack } from 'tar-stream';
import { writeInto } from './contexts.js';

const gib = Number(process.argv[2] ?? 1);
const tar = pack();
tar.pipe(process.stdout);
await writeInto(tar, 1, () => gib * 2 ** 30);
