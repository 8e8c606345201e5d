/**
 * Writes a context to standard output: `node test/support/many-entries.js 1000000` has as many
 * entries below `tree/`, a folder and 999 files in it by turns, and a Dockerfile that copies them.
 * Every other file is empty, the rest have 100 bytes, or as many as a second argument says. Names are patched into a few headers: a writer
 * that makes each anew would take most of the time.
 */
import { once } from 'node:events';
import { header, member, padded, sum } from './write-tar.js';

const [count = '1000', bytes = '100'] = process.argv.slice(2);
const EACH = 1000;
const CHUNK = 1 << 20;

const folder = header({ name: 'tree/0000/', typeflag: '5', mode: 0o755 });
const files = [Number(bytes), 0].map((size) =>
  member({ name: 'tree/0000/000', body: Buffer.alloc(size, 'b') }),
);
const [folderAt, fileAt] = ['tree/'.length, 'tree/0000/'.length];

/** @param {Buffer} block @param {number} at @param {number} digits @param {number} value */
function number(block, at, digits, value) {
  for (let i = at + digits - 1; i >= at; i--, value = Math.floor(value / 10))
    block[i] = 0x30 + (value % 10);
}

/** @param {number} index @returns {Buffer} the same one each time */
function entry(index) {
  const [at, within] = [Math.floor(index / EACH), index % EACH];
  const block = (within > 0 && files[within % 2]) || folder;
  number(block, folderAt, 4, at);
  if (within > 0) number(block, fileAt, 3, within);
  sum(block);
  return block;
}

function* chunks() {
  yield member({ name: 'Dockerfile', body: 'FROM scratch\nCOPY tree /\n' });
  yield header({ name: 'tree/', typeflag: '5', mode: 0o755 });
  let [chunk, used] = [Buffer.alloc(CHUNK), 0];
  for (let index = 0; index < Number(count); index++) {
    const block = entry(index);
    if (used + block.length > CHUNK) {
      yield chunk.subarray(0, used);
      [chunk, used] = [Buffer.alloc(CHUNK), 0];
    }
    used += block.copy(chunk, used);
  }
  yield chunk.subarray(0, used);
  yield padded(Buffer.alloc(1024));
}

for (const chunk of chunks()) if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
