/** The ways to damage a tar, and the tars to damage. */
import { FORMS } from '../test/corpus/forms.js';
import { readTar } from '../test/support/read-tar.js';
import { header, long, member, pax, putNumber, record, sum } from '../test/support/write-tar.js';

/** @typedef {import('./random.js').Random} Random */

/**
 * @typedef {object} Sample
 * @property {Buffer} tar
 * @property {readonly number[]} headers where its headers begin
 * @property {readonly number[]} extended where those of PAX begin
 */

/** @type {readonly Sample[]} */
export const SAMPLES = FORMS.map(({ tar }) => {
  const { groups } = readTar(tar);
  const extended = groups.filter(({ header }) => 'xXg'.includes(header.typeflag));
  return {
    tar,
    headers: groups.map(({ header }) => header.at),
    extended: extended.map(({ header }) => header.at),
  };
});

const NUMBERS = [
  ...[0, 1, 511, 512, 513, 1000, 2 ** 20, 2 ** 20 + 1, 2 ** 31, 2 ** 33, 2 ** 53 - 1, 2 ** 62],
  ...[-1, -512, -(2 ** 31), -(2 ** 62)],
];
const NUMBER_TEXTS = [
  '',
  ' ',
  '\0',
  '777777777777',
  '8',
  '-1',
  '0x10',
  'NaN',
  '1 2',
  '  1\0x',
  '1e3',
];
const NAMES = [
  '',
  '.',
  './',
  '/',
  '..',
  '../x',
  '/etc/passwd',
  'a/../../b',
  'a\0b',
  'a//b',
  './/',
  '\xff\xfe',
];
const TYPEFLAGS = [...'01234567xgXLKSVMDNAZ', '\0', '\xff', ' ', 'E', 's'];
const KEYS = [
  ...['path', 'linkpath', 'size', 'uid', 'gid', 'uname', 'gname', 'mtime', 'atime', 'ctime'],
  ...['comment', 'hdrcharset', 'GNU.sparse.name', 'GNU.sparse.size', 'GNU.sparse.realsize'],
  ...['GNU.sparse.major', 'GNU.sparse.map', 'SCHILY.xattr.user.a', 'LIBARCHIVE.creationtime', 'k'],
];
const VALUES = [
  '',
  '0',
  '1',
  '512',
  '-1',
  '1.5',
  '00',
  '+1',
  '1e9',
  '9'.repeat(17),
  '.',
  'x\ny',
  ...NAMES,
];

/** Fields of a header: where, how long, whether a number. */
const FIELDS = /** @type {const} */ ([
  [0, 100, false],
  [100, 8, true],
  [108, 8, true],
  [116, 8, true],
  [124, 12, true],
  [124, 12, true],
  [136, 12, true],
  [157, 100, false],
  [257, 8, false],
  [265, 32, false],
  [297, 32, false],
  [329, 8, true],
  [337, 8, true],
  [345, 155, false],
  [482, 1, false],
  [483, 12, true],
  [500, 12, false],
]);

/** @typedef {{ tar: Buffer, sample: Sample }} Subject */

/**
 * The ways to damage. Each may write into `tar`, which is a copy, or give another.
 * @type {Readonly<Record<string, (random: Random, subject: Subject) => Buffer>>}
 */
export const DAMAGES = {
  'a bit': (random, { tar }) => {
    const at = random.below(tar.length);
    tar[at] = /** @type {number} */ (tar[at]) ^ (1 << random.below(8));
    return tar;
  },
  'a byte': (random, { tar }) => {
    tar[random.below(tar.length)] = random.pick([
      0,
      0x20,
      0x2f,
      0x30,
      0x37,
      0x80,
      0xff,
      random.below(256),
    ]);
    return tar;
  },
  'a run of bytes': (random, { tar }) => {
    const at = random.below(tar.length);
    const end = Math.min(tar.length, at + 1 + random.below(600));
    return tar.fill(random.pick([0, 0x20, 0xff, random.below(256)]), at, end);
  },
  'a cut': (random, { tar }) => tar.subarray(0, random.below(tar.length)),
  'a cut between blocks': (random, { tar }) => tar.subarray(0, 512 * random.below(tar.length >> 9)),
  'bytes left out': (random, { tar }) => {
    const at = random.below(tar.length);
    return Buffer.concat([tar.subarray(0, at), tar.subarray(at + 1 + random.below(20))]);
  },
  'bytes put in': (random, { tar }) => {
    const at = random.below(tar.length);
    const more = Buffer.alloc(1 + random.below(20), random.below(256));
    return Buffer.concat([tar.subarray(0, at), more, tar.subarray(at)]);
  },
  'blocks left out': (random, { tar }) => {
    const at = 512 * random.below(tar.length >> 9);
    return Buffer.concat([tar.subarray(0, at), tar.subarray(at + 512 * (1 + random.below(3)))]);
  },
  'blocks repeated': (random, { tar }) => {
    const at = 512 * random.below(tar.length >> 9);
    const end = at + 512 * (1 + random.below(4));
    return Buffer.concat([tar.subarray(0, end), tar.subarray(at)]);
  },
  'blocks swapped': (random, { tar }) => {
    const [one, other] = [512 * random.below(tar.length >> 9), 512 * random.below(tar.length >> 9)];
    const kept = Buffer.from(tar.subarray(one, one + 512));
    tar.copy(tar, one, other, other + 512);
    kept.copy(tar, other);
    return tar;
  },
  'a block put in': (random, { tar, sample }) => {
    const at = random.pick([...sample.headers, 512 * random.below(tar.length >> 9)]);
    return Buffer.concat([tar.subarray(0, at), anyBlocks(random), tar.subarray(at)]);
  },
  'another tar behind': (random, { tar }) => {
    const other = random.pick(SAMPLES);
    const at = random.pick(other.headers);
    return Buffer.concat([
      tar.subarray(0, 512 * random.below(tar.length >> 9)),
      other.tar.subarray(at),
    ]);
  },
  'line feeds': (random, { tar }) => {
    const text = tar.toString('latin1');
    const damaged =
      random.below(4) === 0 ? text.replaceAll('\r\n', '\n') : text.replaceAll('\n', '\r\n');
    return Buffer.from(damaged, 'latin1');
  },
  'a field': (random, { tar, sample }) => {
    const at = random.pick(sample.headers);
    if (at + 512 > tar.length) return tar;
    damageField(random, tar, at);
    if (random.below(20) > 0) sum(tar, at);
    return tar;
  },
  'a typeflag': (random, { tar, sample }) => {
    const at = random.pick(sample.headers);
    if (at + 512 > tar.length) return tar;
    tar.write(random.pick(TYPEFLAGS), at + 156, 'latin1');
    sum(tar, at);
    return tar;
  },
  'a PAX record': damageRecord,
};

/**
 * @param {Random} random
 * @param {Buffer} tar
 * @param {number} at
 */
function damageField(random, tar, at) {
  const [from, length, isNumber] = random.pick(FIELDS);
  const way = random.below(isNumber ? 4 : 3);
  if (way === 0) tar.fill(random.below(256), at + from, at + from + 1 + random.below(length));
  else if (way === 1) tar[at + from + random.below(length)] = random.below(256);
  else if (!isNumber) {
    tar.fill(0, at + from, at + from + length);
    tar.write(random.pick(NAMES), at + from, length, 'latin1');
  } else if (way === 2) {
    putNumber(tar, at + from, length, random.pick(NUMBERS), random.below(2) === 0);
  } else {
    tar.write(
      random.pick(NUMBER_TEXTS).padEnd(length, random.pick(['\0', ' '])),
      at + from,
      length,
      'latin1',
    );
  }
}

/**
 * @param {Random} random
 * @param {Subject} subject
 * @returns {Buffer}
 */
function damageRecord(random, { tar, sample }) {
  if (sample.extended.length === 0)
    return DAMAGES['a block put in']?.(random, { tar, sample }) ?? tar;
  const at = random.pick(sample.extended);
  const size = parseInt(tar.toString('latin1', at + 124, at + 135), 8);
  if (!(at + 512 + size <= tar.length)) return tar;
  const data = tar.subarray(at + 512, at + 512 + size);
  if (data.length > 0 && random.below(3) === 0) {
    data[random.below(data.length)] = random.pick([
      0,
      0x0a,
      0x20,
      0x30,
      0x39,
      0x3d,
      random.below(256),
    ]);
    return tar;
  }
  const key = random.pick(KEYS);
  const more =
    random.below(6) === 0 ? Buffer.from('9 a=b\n') : record(key, latin1(random.pick(VALUES)));
  const records = random.below(2) === 0 ? [more, data] : [data, more];
  const block = Buffer.from(tar.subarray(at, at + 512));
  putNumber(block, 124, 12, size + more.length, false);
  sum(block);
  const padding = Buffer.alloc((512 - ((size + more.length) % 512)) % 512);
  const behind = tar.subarray(at + 512 + Math.ceil(size / 512) * 512);
  return Buffer.concat([tar.subarray(0, at), block, ...records, padding, behind]);
}

/** @param {string} text */
function latin1(text) {
  return Buffer.from(text, 'latin1');
}

/**
 * @param {Random} random
 * @returns {Buffer}
 */
function anyBlocks(random) {
  switch (random.below(7)) {
    case 0:
      return Buffer.alloc(512 * (1 + random.below(2)));
    case 1:
      return Buffer.alloc(512, random.below(256));
    case 2:
      return header({ name: random.pick(['x', ...NAMES]), typeflag: random.pick(TYPEFLAGS) });
    case 3:
      return pax([[random.pick(KEYS), latin1(random.pick(VALUES))]]);
    case 4:
      return pax([[random.pick(KEYS), latin1(random.pick(VALUES))]], {
        typeflag: random.pick(['g', 'X']),
      });
    case 5:
      return long(random.pick(['L', 'K']), latin1(random.pick(NAMES)));
    default:
      return member({
        name: latin1(random.pick(['x', ...NAMES])),
        body: 'b'.repeat(random.below(600)),
      });
  }
}
