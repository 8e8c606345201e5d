/**
 * Reads a whole tar from memory, plainly, and refuses whatever is odd: the reference that the
 * tests hold the real walk against. It shares no code with src/.
 * POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
 */

/**
 * One header block as it stands.
 * @typedef {object} RawHeader
 * @property {number} at where it begins
 * @property {string} typeflag
 * @property {'v7' | 'ustar' | 'gnu'} magic
 * @property {Buffer} name with ustar's prefix
 * @property {Buffer} linkname
 * @property {number} mode
 * @property {number} uid NaN when it is invalid
 * @property {number} gid NaN when it is invalid
 * @property {number} size
 * @property {number} mtime
 * @property {string} uname
 * @property {string} gname
 * @property {Buffer} tail the bytes from the device numbers on
 */

/**
 * A header with its map and its body, nothing interpreted.
 * @typedef {object} Group
 * @property {RawHeader} header
 * @property {Buffer} map blocks of an old GNU sparse map behind the header
 * @property {Buffer} body
 * @property {Buffer} padding
 * @property {readonly (readonly [string, Buffer])[]} records of a PAX header
 */

/**
 * An entry as a reader sees it.
 * @typedef {object} Entry
 * @property {RawHeader} header
 * @property {string} name one character a byte
 * @property {string} linkname one character a byte
 * @property {string} typeflag
 * @property {number} uid
 * @property {number} gid
 * @property {string} uname
 * @property {string} gname
 * @property {number} mode
 * @property {string} mtime
 * @property {Buffer} map
 * @property {Buffer} body
 * @property {ReadonlyMap<string, string>} records what else PAX says, global records among it
 */

/**
 * @typedef {object} Reading
 * @property {Group[]} groups every header block in its order
 * @property {Entry[]} entries
 * @property {boolean} terminated whether two zero blocks ended it
 * @property {number} end where the first of them begins, or the stream ends
 */

/** What makes a tar unreadable. */
class BadTar extends Error {}

/**
 * @param {Buffer} field
 * @param {string} what
 * @returns {number}
 */
function number(field, what) {
  if (/** @type {number} */ (field[0]) >= 0x80) {
    const bits = BigInt(8 * field.length - 1);
    let value = BigInt(`0x${field.toString('hex')}`) & ((1n << bits) - 1n);
    if (value >= 1n << (bits - 1n)) value -= 1n << bits;
    if (value > 2n ** 53n - 1n || value < -(2n ** 53n) + 1n) throw new BadTar(`${what}: oversized`);
    return Number(value);
  }
  const text = /^[ \0]*([0-7]*) *(?:\0[^]*)?$/.exec(field.toString('latin1'));
  if (text === null)
    throw new BadTar(`${what}: not a number: ${JSON.stringify(field.toString('latin1'))}`);
  return parseInt(text[1] || '0', 8);
}

/**
 * An owner's number, NaN when it is invalid: an edit replaces it.
 * @param {Buffer} field
 * @returns {number}
 */
function ownerNumber(field) {
  try {
    return number(field, 'owner');
  } catch (error) {
    if (error instanceof BadTar) return NaN;
    throw error;
  }
}

/**
 * @param {Buffer} field
 * @returns {Buffer}
 */
function untilNul(field) {
  const nul = field.indexOf(0);
  return nul < 0 ? field : field.subarray(0, nul);
}

/**
 * @param {Buffer} block
 * @param {number} at
 * @returns {RawHeader}
 */
function rawHeader(block, at) {
  let unsigned = 0;
  let high = 0;
  for (let i = 0; i < 512; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : /** @type {number} */ (block[i]);
    unsigned += byte;
    if (byte > 127) high++;
  }
  const signed = unsigned - 256 * high;
  const told = number(block.subarray(148, 156), 'checksum');
  if (told !== unsigned && told !== signed) throw new BadTar(`bad checksum at ${at}`);
  const start = block.toString('latin1', 257, 264);
  const magic = !start.startsWith('ustar') ? 'v7' : start.startsWith('ustar  ') ? 'gnu' : 'ustar';
  const star = block.toString('latin1', 508) === 'tar\0';
  const prefix =
    magic === 'ustar' ? untilNul(block.subarray(345, star ? 476 : 500)) : Buffer.alloc(0);
  const name = untilNul(block.subarray(0, 100));
  return {
    at,
    typeflag: block.toString('latin1', 156, 157),
    magic,
    name: prefix.length > 0 ? Buffer.concat([prefix, Buffer.from('/'), name]) : name,
    linkname: untilNul(block.subarray(157, 257)),
    mode: number(block.subarray(100, 108), 'mode'),
    uid: ownerNumber(block.subarray(108, 116)),
    gid: ownerNumber(block.subarray(116, 124)),
    size: number(block.subarray(124, 136), 'size'),
    mtime: number(block.subarray(136, 148), 'mtime'),
    uname: magic === 'v7' ? '' : untilNul(block.subarray(265, 297)).toString('latin1'),
    gname: magic === 'v7' ? '' : untilNul(block.subarray(297, 329)).toString('latin1'),
    tail: block.subarray(329),
  };
}

/**
 * @param {Buffer} data
 * @returns {(readonly [string, Buffer])[]}
 */
function parseRecords(data) {
  /** @type {(readonly [string, Buffer])[]} */
  const records = [];
  let at = 0;
  while (at < data.length) {
    const length = /^([0-9]+) /.exec(data.toString('latin1', at, data.indexOf(0x20, at) + 1));
    const end = at + Number(length?.[1] ?? 0);
    const text = data.toString('latin1', at, end);
    const match = /^[0-9]+ ([^=\0]+)=([^]*)\n$/.exec(text);
    if (match === null || end > data.length)
      throw new BadTar(`malformed PAX record: ${text.slice(0, 40)}`);
    records.push([
      /** @type {string} */ (match[1]),
      Buffer.from(/** @type {string} */ (match[2]), 'latin1'),
    ]);
    at = end;
  }
  return records;
}

/** @param {Buffer} block */
function isZero(block) {
  return block[0] === 0 && block.equals(ZEROS);
}

const ZEROS = Buffer.alloc(512);

/** Typeflags whose size is no body's. */
const HEADER_ONLY = '123456';

/**
 * @param {Buffer} tar
 * @returns {Reading}
 */
export function readTar(tar) {
  /** @type {Group[]} */
  const groups = [];
  /** @type {Entry[]} */
  const entries = [];
  /** @type {Map<string, Buffer>} */
  const globals = new Map();
  /** @type {Map<string, Buffer> | undefined} */
  let local;
  /** @type {Map<string, Buffer>} */
  let longs = new Map();
  let at = 0;
  const take = (/** @type {number} */ size, /** @type {string} */ what) => {
    if (at + size > tar.length) throw new BadTar(`cut short in ${what} at ${at}`);
    at += size;
    return tar.subarray(at - size, at);
  };
  const pending = () => local !== undefined || longs.size > 0;
  while (at < tar.length) {
    const start = at;
    const block = take(512, 'a header');
    if (isZero(block)) {
      if (pending()) throw new BadTar('end after an extended header');
      if (at === tar.length) return { groups, entries, terminated: false, end: start };
      if (!isZero(take(512, 'the end'))) throw new BadTar('a lone zero block');
      return { groups, entries, terminated: true, end: start };
    }
    const header = rawHeader(block, start);
    const { typeflag } = header;
    if ('xXgLK'.includes(typeflag)) {
      if (header.size < 0 || header.size > 1024 * 1024) throw new BadTar('metadata of a bad size');
      const body = take(header.size, 'metadata');
      const padding = take((512 - (header.size % 512)) % 512, 'padding');
      const records = 'xXg'.includes(typeflag) ? parseRecords(body) : [];
      groups.push({ header, map: Buffer.alloc(0), body, padding, records });
      if (typeflag === 'g') {
        if (pending()) throw new BadTar('a global header behind a local one');
        for (const [key, value] of records) globals.set(key, value);
      } else if (typeflag === 'L' || typeflag === 'K') {
        if (longs.has(typeflag)) throw new BadTar('two long names');
        longs.set(typeflag, untilNul(body));
      } else {
        if (local !== undefined) throw new BadTar('two PAX headers');
        local = new Map(records);
      }
      continue;
    }
    const mine = local;
    const inherited = (/** @type {string} */ key) => {
      const value = mine?.get(key) ?? globals.get(key);
      return value === undefined || value.length === 0 ? undefined : value;
    };
    const own = (/** @type {string} */ key) => {
      const value = mine?.get(key);
      return value === undefined || value.length === 0 ? undefined : value;
    };
    const whole = (/** @type {string} */ key, /** @type {number} */ otherwise) => {
      const value = inherited(key)?.toString('latin1');
      if (value === undefined) return otherwise;
      if (!/^-?[0-9]+$/.test(value) || !Number.isSafeInteger(Number(value))) {
        if (key === 'size') throw new BadTar(`${key}: ${value}`);
        return NaN;
      }
      return Number(value);
    };
    const name = own('GNU.sparse.name') ?? own('path') ?? longs.get('L') ?? header.name;
    const linkname = own('linkpath') ?? longs.get('K') ?? header.linkname;
    const size = whole('size', header.size);
    const oldDirectory = typeflag === '\0' && name[name.length - 1] === 0x2f;
    /** @type {Buffer[]} */
    const map = [];
    if (typeflag === 'S' && block[482] !== 0) {
      do map.push(take(512, 'a sparse map'));
      while (/** @type {Buffer} */ (map.at(-1))[504] !== 0);
    }
    if (size < 0) throw new BadTar('a negative size');
    const stored = HEADER_ONLY.includes(typeflag) || oldDirectory ? 0 : size;
    const body = take(stored, 'a body');
    const padding = take((512 - (stored % 512)) % 512, 'padding');
    const records = [...(mine ?? [])];
    groups.push({ header, map: Buffer.concat(map), body, padding, records: [] });
    /** @type {Map<string, string>} */
    const others = new Map();
    for (const [key, value] of [...globals, ...records]) others.set(key, value.toString('latin1'));
    for (const key of [
      'path',
      'linkpath',
      'uid',
      'gid',
      'uname',
      'gname',
      'mtime',
      'size',
      'GNU.sparse.name',
    ]) {
      others.delete(key);
    }
    entries.push({
      header,
      name: name.toString('latin1'),
      linkname: '12'.includes(typeflag) ? linkname.toString('latin1') : '',
      typeflag: oldDirectory ? '5' : typeflag === '\0' ? '0' : typeflag,
      uid: whole('uid', header.uid),
      gid: whole('gid', header.gid),
      uname: inherited('uname')?.toString('latin1') ?? header.uname,
      gname: inherited('gname')?.toString('latin1') ?? header.gname,
      mode: header.mode,
      mtime: inherited('mtime')?.toString('latin1') ?? String(header.mtime),
      map: Buffer.concat(map),
      body,
      records: others,
    });
    local = undefined;
    longs = new Map();
  }
  if (pending()) throw new BadTar('end after an extended header');
  return { groups, entries, terminated: false, end: at };
}
