/**
 * Writes tars by hand, every form of header there is, good and bad. It shares no code with src/:
 * POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
 * Plain JavaScript, so that bench/fuzz.js runs it as it is.
 */

/**
 * @typedef {'v7' | 'ustar' | 'gnu'} Magic
 * @typedef {string | Uint8Array} Text text, or bytes that aren't UTF-8
 */

/**
 * One header's fields. A number that octal can't hold is written in base-256.
 * @typedef {object} Fields
 * @property {Text} name
 * @property {string} [typeflag] default `0`
 * @property {number} [mode] default 0644
 * @property {number} [uid] default 1000
 * @property {number} [gid] default 1000
 * @property {number} [size] default the body's
 * @property {number} [mtime] default 1700000000
 * @property {Text} [linkname]
 * @property {Magic} [magic] default `ustar`
 * @property {Text} [uname] default `builder`; v7 has none
 * @property {Text} [gname] default `users`; v7 has none
 * @property {number} [devmajor]
 * @property {number} [devminor]
 * @property {Text} [prefix] ustar's
 * @property {boolean} [base256] numbers in base-256 even where octal would do
 * @property {(header: Buffer) => void} [patch] changes the block before it is summed
 */

/** @typedef {Fields & { body?: Text }} Member a header and what follows it */

const MAGICS = { v7: '', ustar: 'ustar\x0000', gnu: 'ustar  \x00' };

/**
 * @param {Text} text
 * @returns {Buffer}
 */
function bytesOf(text) {
  return typeof text === 'string' ? Buffer.from(text) : Buffer.from(text);
}

/**
 * @param {Buffer} block
 * @param {number} at
 * @param {number} length
 * @param {number} value
 * @param {boolean} base256
 */
export function putNumber(block, at, length, value, base256) {
  const octal = value < 0 ? '' : value.toString(8);
  if (!base256 && value >= 0 && octal.length < length) {
    block.write(octal.padStart(length - 1, '0'), at, 'latin1');
    block[at + length - 1] = 0;
    return;
  }
  let rest = BigInt(value);
  for (let i = at + length - 1; i >= at; i--) {
    block[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  block[at] = /** @type {number} */ (block[at]) | 0x80;
}

/**
 * Writes the checksum of the block at `at`.
 * @param {Buffer} block
 * @param {number} [at]
 */
export function sum(block, at = 0) {
  block.fill(0x20, at + 148, at + 156);
  let total = 0;
  for (let i = at; i < at + 512; i++) total += /** @type {number} */ (block[i]);
  block.write(`${total.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
}

/**
 * One header block.
 * @param {Fields} fields
 * @returns {Buffer}
 */
export function header(fields) {
  const { name, typeflag = '0', mode = 0o644, uid = 1000, gid = 1000, size = 0 } = fields;
  const { mtime = 1_700_000_000, linkname = '', magic = 'ustar', base256 = false } = fields;
  const { uname = 'builder', gname = 'users', devmajor, devminor, prefix, patch } = fields;
  const block = Buffer.alloc(512);
  bytesOf(name).copy(block, 0, 0, 100);
  putNumber(block, 100, 8, mode, base256);
  putNumber(block, 108, 8, uid, base256);
  putNumber(block, 116, 8, gid, base256);
  putNumber(block, 124, 12, size, base256);
  putNumber(block, 136, 12, mtime, base256);
  block.write(typeflag, 156, 1, 'latin1');
  bytesOf(linkname).copy(block, 157, 0, 100);
  if (magic !== 'v7') {
    block.write(MAGICS[magic], 257, 8, 'latin1');
    bytesOf(uname).copy(block, 265, 0, 32);
    bytesOf(gname).copy(block, 297, 0, 32);
    if (devmajor !== undefined) putNumber(block, 329, 8, devmajor, base256);
    if (devminor !== undefined) putNumber(block, 337, 8, devminor, base256);
    if (prefix !== undefined) bytesOf(prefix).copy(block, 345, 0, 155);
  }
  patch?.(block);
  sum(block);
  return block;
}

/**
 * A body and the padding after it.
 * @param {Text} body
 * @returns {Buffer}
 */
export function padded(body) {
  const bytes = bytesOf(body);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/**
 * A header and its body.
 * @param {Member} member
 * @returns {Buffer}
 */
export function member(member) {
  const body = bytesOf(member.body ?? '');
  return Buffer.concat([header({ size: body.length, ...member }), padded(body)]);
}

/**
 * One PAX record.
 * @param {string} key
 * @param {Text} value
 * @returns {Buffer}
 */
export function record(key, value) {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), bytesOf(value), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length++;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/**
 * An extended header, local or global.
 * @param {readonly (readonly [string, Text])[]} records
 * @param {Partial<Fields>} [fields] `typeflag` is `x`, `g` or Sun's `X`
 * @returns {Buffer}
 */
export function pax(records, fields = {}) {
  const body = Buffer.concat(records.map(([key, value]) => record(key, value)));
  return member({ name: './PaxHeaders.1/entry', typeflag: 'x', ...fields, body });
}

/**
 * A GNU long name (`L`) or long link (`K`).
 * @param {'L' | 'K'} typeflag
 * @param {Text} name
 * @param {Partial<Fields>} [fields]
 * @returns {Buffer}
 */
export function long(typeflag, name, fields = {}) {
  const body = Buffer.concat([bytesOf(name), Buffer.alloc(1)]);
  return member({
    name: '././@LongLink',
    magic: 'gnu',
    mode: 0,
    mtime: 0,
    ...fields,
    typeflag,
    body,
  });
}

/**
 * An old GNU sparse file: the map in the header, 21 pieces more in each block behind it.
 * @param {Fields} fields
 * @param {readonly (readonly [number, Text])[]} pieces where each piece of data lies
 * @param {number} realSize
 * @returns {Buffer}
 */
export function oldSparse(fields, pieces, realSize) {
  const data = Buffer.concat(pieces.map(([, piece]) => bytesOf(piece)));
  const map = pieces.map(([offset, piece]) => {
    const entry = Buffer.alloc(24);
    putNumber(entry, 0, 12, offset, false);
    putNumber(entry, 12, 12, bytesOf(piece).length, false);
    return entry;
  });
  const more = [];
  for (let at = 4; at < map.length; at += 21) {
    const block = Buffer.alloc(512);
    Buffer.concat(map.slice(at, at + 21)).copy(block);
    block[504] = at + 21 < map.length ? 1 : 0;
    more.push(block);
  }
  const first = header({
    ...fields,
    typeflag: 'S',
    magic: 'gnu',
    size: data.length,
    patch: (block) => {
      Buffer.concat(map.slice(0, 4)).copy(block, 386);
      block[482] = map.length > 4 ? 1 : 0;
      putNumber(block, 483, 12, realSize, false);
    },
  });
  return Buffer.concat([first, ...more, padded(data)]);
}

/**
 * The same file as PAX sparse 0.1, in the form into which a filter rewrites an old GNU one.
 * @param {Fields} fields
 * @param {readonly (readonly [number, Text])[]} pieces where each piece of data lies
 * @param {number} realSize
 * @returns {Buffer}
 */
export function rewrittenSparse(fields, pieces, realSize) {
  const regions = pieces.map(([offset, piece]) => [offset, bytesOf(piece).length]);
  const last = regions.at(-1);
  const end = (last?.[0] ?? 0) + (last?.[1] ?? 0);
  if (last === undefined || end < realSize) regions.push([realSize, 0]);
  return Buffer.concat([
    pax(
      [
        ['GNU.sparse.size', String(realSize)],
        ['GNU.sparse.numblocks', String(regions.length)],
        ['GNU.sparse.map', regions.flat().join(',')],
      ],
      { name: './PaxHeaders/entry', uid: 0, gid: 0, uname: '', gname: '' },
    ),
    member({ ...fields, body: Buffer.concat(pieces.map(([, piece]) => bytesOf(piece))) }),
  ]);
}

/** The end-of-archive. */
export const END = Buffer.alloc(1024);

/**
 * A tar of these blocks, with its end-of-archive.
 * @param {...Buffer} parts
 * @returns {Buffer}
 */
export function tar(...parts) {
  return Buffer.concat([...parts, END]);
}
