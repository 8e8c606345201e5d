#!/usr/bin/env node
/**
 * A builder whose result is a folder: it writes the folder to its standard output as a tar, with tar-fs.
 *
 *     node samples/pack-folder.js dist | dockerception -t app -o app.tar
 */
import pump from 'pump';
import { pack } from 'tar-fs';

const folder = process.argv[2];
if (folder === undefined) {
  process.stderr.write('usage: pack-folder.js FOLDER\n');
  process.exit(2);
}
const tar = pack(folder);
const stream = /** @type {import('node:stream').Readable} */ (/** @type {unknown} */ (tar));
pump(stream, process.stdout, (error) => {
  if (!error) return;
  process.stderr.write(`pack-folder: ${error.message}\n`);
  process.exitCode = 1;
});
