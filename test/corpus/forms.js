/**
 * A small tar in each form that a tar can take, written by hand. Owners are never 0:0, so that
 * one that was forgotten shows. The fuzzer damages these.
 */
import * as write from '../support/write-tar.js';

/**
 * @typedef {object} Form
 * @property {string} name
 * @property {Buffer} tar with its end-of-archive
 * @property {Buffer} [becomes] what leaves instead, but for its owners, unless it leaves byte for byte
 * @property {boolean} [leads] whether it starts with what many don't take for a tar
 */

const { header, member, pax, long, oldSparse, rewrittenSparse, tar } = write;
const dockerfile = (/** @type {Partial<write.Member>} */ fields = {}) =>
  member({ name: 'Dockerfile', body: 'FROM scratch\nCOPY app /\n', ...fields });
const LONG = `${'deep/'.repeat(35)}end`;
const LONG_PLAIN = 'n'.repeat(140);
const LATIN1 = Buffer.from('caf\xe9/na\xefve', 'latin1');
const data = (/** @type {number} */ size, /** @type {number} */ seed) =>
  Buffer.from(Array.from({ length: size }, (_, i) => (i * seed + (i >> 3)) & 0xff));

/**
 * @param {write.Magic} magic
 * @param {string} [contiguous] the typeflag of a contiguous file; engines know ordinary ones alone
 */
function everyType(magic, contiguous = '7') {
  const fields = { magic };
  return tar(
    member({ ...fields, name: 'app/', typeflag: '5', mode: 0o755 }),
    dockerfile(fields),
    member({ ...fields, name: 'app/run', mode: 0o4755, body: data(700, 7) }),
    member({ ...fields, name: 'app/empty', mode: 0 }),
    member({ ...fields, name: 'app/hard', typeflag: '1', linkname: 'app/run' }),
    member({ ...fields, name: 'app/soft', typeflag: '2', linkname: '../elsewhere', mode: 0o777 }),
    member({ ...fields, name: 'app/null', typeflag: '3', devmajor: 1, devminor: 3 }),
    member({ ...fields, name: 'app/disk', typeflag: '4', devmajor: 8, devminor: 17 }),
    member({ ...fields, name: 'app/fifo', typeflag: '6' }),
    member({ ...fields, name: 'app/contiguous', typeflag: contiguous, body: data(513, 3) }),
    member({ ...fields, name: 'app/old', typeflag: '\0', body: data(512, 5) }),
  );
}

/**
 * @param {number} offset
 * @param {number} length
 * @returns {readonly [number, Buffer]}
 */
const piece = (offset, length) => [offset, data(length, 19)];
const SCATTERED = Array.from({ length: 60 }, (_, i) => piece(i * 8192, 40));

/**
 * A header of star's, with its times after the prefix.
 * @param {string} prefix
 */
const star = (prefix) => ({
  prefix,
  patch: (/** @type {Buffer} */ block) => {
    block.write('14441320001 14441320002 ', 476, 'latin1');
    block.write('tar\0', 508, 'latin1');
  },
});

/** @type {readonly Form[]} */
export const FORMS = [
  { name: 'v7', tar: everyType('v7'), becomes: everyType('v7', '0') },
  { name: 'ustar', tar: everyType('ustar'), becomes: everyType('ustar', '0') },
  { name: 'GNU', tar: everyType('gnu'), becomes: everyType('gnu', '0') },
  {
    name: 'v7 with a directory that only its slash tells',
    tar: tar(member({ magic: 'v7', name: 'old/', typeflag: '\0' }), dockerfile({ magic: 'v7' })),
  },
  {
    name: 'v7 with bytes where later formats have names',
    tar: tar(
      member({ magic: 'v7', name: 'a', body: 'a', patch: (block) => block.fill(0x41, 265, 500) }),
      dockerfile({ magic: 'v7' }),
    ),
  },
  {
    name: 'ustar with a prefix',
    tar: tar(member({ name: 'file', prefix: 'some/where/deep', body: 'x' }), dockerfile()),
  },
  {
    name: 'ustar with a name that fills its field',
    tar: tar(member({ name: 'f'.repeat(100), prefix: 'p'.repeat(155), body: 'x' }), dockerfile()),
  },
  {
    name: 'numbers with spaces around',
    tar: tar(
      member({
        name: 'spaces',
        body: 'seventeen bytes..',
        patch: (block) => {
          block.write('   644 \0', 100, 'latin1');
          block.write('  1750 \0', 108, 'latin1');
          block.write('  1750 \0', 116, 'latin1');
          block.write('         21 ', 124, 'latin1');
          block.write('14441320000 ', 136, 'latin1');
        },
      }),
      dockerfile(),
    ),
  },
  {
    name: 'a checksum of signed bytes',
    tar: tar(
      (() => {
        const block = header({ name: LATIN1, magic: 'v7' });
        const high = [...LATIN1].filter((byte) => byte > 127).length;
        const told = parseInt(block.toString('latin1', 148, 154), 8) - 256 * high;
        block.write(told.toString(8).padStart(6, '0'), 148, 'latin1');
        return block;
      })(),
      dockerfile(),
    ),
  },
  {
    name: 'base-256 owners',
    tar: tar(
      member({ magic: 'gnu', name: 'big', uid: 2 ** 31, gid: 2 ** 32 - 2, body: 'x' }),
      dockerfile({ magic: 'gnu', uid: 197609, gid: 197121 }),
      member({ magic: 'gnu', name: 'forced', base256: true, body: 'y' }),
      member({ magic: 'ustar', name: 'larger', uid: 2097152, gid: 2 ** 40, body: 'z' }),
    ),
  },
  {
    name: 'base-256 with a negative mtime',
    tar: tar(member({ magic: 'gnu', name: 'before', mtime: -86400, body: 'x' }), dockerfile()),
  },
  {
    name: 'base-256 with a late mtime',
    tar: tar(member({ magic: 'gnu', name: 'after', mtime: 2 ** 35, body: 'x' }), dockerfile()),
  },
  {
    name: 'a mode with the bits of a file type',
    tar: tar(member({ magic: 'v7', name: 'f', mode: 0o100644, body: 'x' }), dockerfile()),
  },
  {
    name: 'PAX in front',
    leads: true,
    tar: tar(
      pax([
        ['mtime', '1700000000.123456789'],
        ['atime', '1700000001.5'],
        ['ctime', '1699999999.000000001'],
      ]),
      dockerfile(),
      pax([
        ['path', 'Grüße/日本語.txt'],
        ['uid', '197609'],
        ['gid', '4294967294'],
        ['uname', 'Jürgen'],
        ['gname', 'Domänen-Benutzer'],
        ['comment', 'kept = kept\nin two lines'],
      ]),
      member({ name: 'Gruesse/x.txt', uid: 0o7777777, gid: 0o7777777, body: 'hello' }),
    ),
  },
  {
    name: 'PAX with owners alone',
    leads: true,
    tar: tar(
      pax([
        ['uname', 'Jürgen'],
        ['gname', 'Gäste'],
      ]),
      dockerfile(),
      pax([
        ['uid', '3000000'],
        ['gid', '3000001'],
      ]),
      member({ name: 'app', body: 'x' }),
    ),
  },
  {
    name: 'PAX with a size, a long path and a long link',
    leads: true,
    tar: tar(
      pax([
        ['size', '700'],
        ['path', LONG],
      ]),
      Buffer.concat([header({ name: LONG.slice(0, 100), size: 0 }), write.padded(data(700, 11))]),
      pax([
        ['path', `${LONG}/soft`],
        ['linkpath', LONG_PLAIN],
      ]),
      member({ name: LONG.slice(0, 100), typeflag: '2', linkname: LONG_PLAIN.slice(0, 100) }),
      pax([
        ['path', `${LONG}-hard`],
        ['linkpath', LONG],
      ]),
      member({ name: LONG.slice(0, 100), typeflag: '1', linkname: LONG.slice(0, 100) }),
      dockerfile(),
    ),
  },
  {
    name: 'PAX with negative and fractional times',
    leads: true,
    tar: tar(
      pax([
        ['mtime', '-1.25'],
        ['atime', '-0.5'],
      ]),
      member({ name: 'old', mtime: 0 }),
      dockerfile(),
    ),
  },
  {
    name: 'PAX with binary attributes',
    leads: true,
    tar: tar(
      pax([
        ['SCHILY.xattr.security.capability', Buffer.from('AQAAAgAEAAAAAAAAAAAAAAAAAAA=', 'base64')],
        ['SCHILY.xattr.user.binary', Buffer.from('00ff0a3d0a20', 'hex')],
        ['LIBARCHIVE.xattr.user.b', 'AP8KPQog'],
        ['SCHILY.acl.access', 'user::rwx,group::r-x,other::r-x'],
        ['uname', Buffer.from('J\xfcrgen', 'latin1')],
      ]),
      member({ name: 'ping', mode: 0o755, body: data(1025, 13) }),
      dockerfile(),
    ),
  },
  {
    name: 'PAX without records',
    leads: true,
    tar: tar(pax([]), dockerfile()),
  },
  {
    name: "Sun's X",
    leads: true,
    tar: tar(
      pax(
        [
          ['uid', '70000'],
          ['path', 'sun/app'],
        ],
        { typeflag: 'X' },
      ),
      member({ name: 'sun/app', body: 'x' }),
      dockerfile(),
    ),
    becomes: tar(
      pax([
        ['uid', '70000'],
        ['path', 'sun/app'],
      ]),
      member({ name: 'sun/app', body: 'x' }),
      dockerfile(),
    ),
  },
  {
    name: 'global PAX with owners',
    leads: true,
    tar: tar(
      pax(
        [
          ['uid', '1234'],
          ['gid', '5678'],
          ['uname', 'glo'],
          ['gname', 'bal'],
          ['comment', 'c'],
        ],
        {
          typeflag: 'g',
          name: './GlobalHead.1.1',
        },
      ),
      dockerfile(),
      pax([
        ['uid', '99'],
        ['gname', 'own'],
      ]),
      member({ name: 'app', body: 'x' }),
      pax([
        ['uid', ''],
        ['uname', ''],
      ]),
      member({ name: 'taken back', body: 'y' }),
    ),
  },
  {
    name: 'global PAX with owners alone, then another',
    leads: true,
    tar: tar(
      pax([['uname', 'glo']], { typeflag: 'g' }),
      dockerfile(),
      pax(
        [
          ['uid', '44'],
          ['mtime', '1600000000.5'],
        ],
        { typeflag: 'g' },
      ),
      member({ name: 'app', body: 'x' }),
    ),
  },
  {
    name: "git archive's comment",
    leads: true,
    tar: tar(
      pax([['comment', '0123456789abcdef0123456789abcdef01234567']], {
        typeflag: 'g',
        name: 'pax_global_header',
      }),
      dockerfile(),
    ),
  },
  {
    name: 'GNU long name and long link',
    leads: true,
    tar: tar(
      long('L', LONG, { uname: 'root', gname: 'root' }),
      member({ magic: 'gnu', name: LONG.slice(0, 100), body: data(600, 17) }),
      long('K', LONG),
      long('L', `${LONG}-hard`),
      member({
        magic: 'gnu',
        name: LONG.slice(0, 100),
        typeflag: '1',
        linkname: LONG.slice(0, 100),
      }),
      long('K', LONG_PLAIN),
      member({ magic: 'gnu', name: 'soft', typeflag: '2', linkname: LONG_PLAIN.slice(0, 100) }),
      dockerfile({ magic: 'gnu' }),
    ),
  },
  {
    name: 'GNU long names with bytes behind their end',
    leads: true,
    tar: tar(
      member({
        magic: 'gnu',
        name: '././@LongLink',
        typeflag: 'L',
        body: Buffer.concat([Buffer.from('name\0rest'), Buffer.alloc(502, 0x55)]),
      }),
      member({ magic: 'gnu', name: 'name', body: 'x' }),
      member({ magic: 'gnu', name: '././@LongLink', typeflag: 'L', body: 'without its NUL' }),
      dockerfile({ magic: 'gnu' }),
    ),
  },
  {
    name: 'GNU long link in front',
    leads: true,
    tar: tar(
      long('K', LONG_PLAIN),
      member({ magic: 'gnu', name: 'soft', typeflag: '2', linkname: LONG_PLAIN.slice(0, 100) }),
      dockerfile({ magic: 'gnu' }),
    ),
  },
  {
    name: 'GNU with times where ustar has its prefix',
    tar: tar(
      member({
        magic: 'gnu',
        name: 'incremental',
        body: 'x',
        patch: (block) => {
          block.write('14441320001\0', 345, 'latin1');
          block.write('14441320002\0', 357, 'latin1');
        },
      }),
      dockerfile(),
    ),
  },
  ...[
    {
      name: 'old GNU sparse',
      pieces: [piece(4096, 512), piece(1 << 20, 100)],
    },
    { name: 'old GNU sparse that ends with data', pieces: [piece((1 << 21) - 4096, 4096)] },
    { name: 'old GNU sparse without any data', pieces: [] },
    {
      name: 'old GNU sparse with a map that ends with the file',
      pieces: [piece(512, 512), piece(1 << 21, 0)],
    },
    { name: 'old GNU sparse of 64 GiB', pieces: [piece(2 ** 35, 700)], size: 2 ** 36 },
  ].map(({ name, pieces, size = 1 << 21 }) => ({
    name,
    leads: true,
    tar: tar(oldSparse({ name: 'sparse' }, pieces, size), dockerfile({ magic: 'gnu' })),
    becomes: tar(rewrittenSparse({ name: 'sparse' }, pieces, size), dockerfile({ magic: 'gnu' })),
  })),
  {
    name: 'old GNU sparse with a map of several blocks',
    leads: true,
    tar: tar(
      long('L', LONG),
      oldSparse({ name: LONG.slice(0, 100), uid: 2 ** 31 }, SCATTERED, 1 << 21),
      dockerfile({ magic: 'gnu' }),
    ),
    becomes: tar(
      long('L', LONG),
      rewrittenSparse({ name: LONG.slice(0, 100), uid: 2 ** 31 }, SCATTERED, 1 << 21),
      dockerfile({ magic: 'gnu' }),
    ),
  },
  {
    name: 'PAX sparse 0.0',
    leads: true,
    tar: tar(
      pax([
        ['GNU.sparse.size', '1048576'],
        ['GNU.sparse.numblocks', '2'],
        ['GNU.sparse.offset', '4096'],
        ['GNU.sparse.numbytes', '512'],
        ['GNU.sparse.offset', '8192'],
        ['GNU.sparse.numbytes', '512'],
        ['uid', '3000000'],
      ]),
      member({ name: 'sparse00', body: data(1024, 29) }),
      dockerfile(),
    ),
  },
  {
    name: 'PAX sparse 0.1',
    leads: true,
    tar: tar(
      pax([
        ['GNU.sparse.name', 'dir/sparse01'],
        ['GNU.sparse.size', '1048576'],
        ['GNU.sparse.numblocks', '2'],
        ['GNU.sparse.map', '4096,512,8192,512'],
        ['gid', '3000000'],
      ]),
      member({ name: 'dir/GNUSparseFile.7/sparse01', body: data(1024, 31) }),
      dockerfile(),
    ),
  },
  {
    name: 'PAX sparse 1.0',
    leads: true,
    tar: tar(
      pax([
        ['GNU.sparse.major', '1'],
        ['GNU.sparse.minor', '0'],
        ['GNU.sparse.name', `${LONG}/sparse10`],
        ['GNU.sparse.realsize', '1048576'],
        ['path', `${LONG}/GNUSparseFile.7/sparse10`],
        ['uid', '3000000'],
      ]),
      member({
        name: LONG.slice(0, 100),
        body: Buffer.concat([write.padded('2\n4096\n512\n8192\n512\n'), data(1024, 37)]),
      }),
      dockerfile(),
    ),
  },
  {
    name: 'names that are not UTF-8',
    tar: tar(
      member({ name: LATIN1, body: 'x' }),
      member({ name: 'soft', typeflag: '2', linkname: LATIN1 }),
      member({ name: 'hard', typeflag: '1', linkname: LATIN1 }),
      dockerfile(),
    ),
  },
  {
    name: 'long names that are not UTF-8',
    leads: true,
    tar: tar(
      pax([
        ['hdrcharset', 'BINARY'],
        ['path', Buffer.concat([Buffer.from(LONG), LATIN1])],
      ]),
      member({ name: LONG.slice(0, 100), body: 'x' }),
      long('L', Buffer.concat([Buffer.from(LONG_PLAIN), LATIN1])),
      member({ magic: 'gnu', name: LONG_PLAIN.slice(0, 100), body: 'y' }),
      dockerfile(),
    ),
  },
  {
    name: 'typeflags of tar programs alone',
    tar: tar(
      member({ magic: 'gnu', name: 'Backup of today', typeflag: 'V' }),
      member({ name: 'solaris', typeflag: 'A', body: data(300, 41) }),
      member({ magic: 'gnu', name: 'dumpdir/', typeflag: 'D', body: 'Yfile\0\0' }),
      dockerfile(),
    ),
    becomes: tar(member({ magic: 'gnu', name: 'dumpdir/', typeflag: '5' }), dockerfile()),
  },
  {
    name: 'attributes of macOS',
    leads: true,
    tar: tar(
      pax(
        [
          ['SCHILY.xattr.com.apple.quarantine', 'q'],
          ['comment', 'kept'],
        ],
        { typeflag: 'g' },
      ),
      pax([
        ['LIBARCHIVE.xattr.com.apple.provenance', 'AQIA'],
        ['SCHILY.xattr.com.apple.provenance', Buffer.from('010200', 'hex')],
      ]),
      dockerfile(),
      pax([
        ['mtime', '1700000000.5'],
        ['LIBARCHIVE.xattr.com%2Eapple.lastuseddate%23PS', 'AQIA'],
        ['SCHILY.xattr.com.apple.lastuseddate#PS', '\n=\n'],
        ['SCHILY.xattr.user.com.apple.mine', 'kept'],
      ]),
      member({ name: 'app', body: 'x' }),
    ),
    becomes: tar(
      pax([['comment', 'kept']], { typeflag: 'g' }),
      dockerfile(),
      pax([
        ['mtime', '1700000000.5'],
        ['SCHILY.xattr.user.com.apple.mine', 'kept'],
      ]),
      member({ name: 'app', body: 'x' }),
    ),
  },
  {
    name: "star's shorter prefix, full, and its times",
    tar: tar(
      member({ ...star('x'.repeat(65) + '/' + 'y'.repeat(65)), name: 'file', body: 'x' }),
      member({ ...star('some/where'), name: 'other', body: 'y' }),
      dockerfile(),
    ),
    becomes: tar(
      member({ ...star('x'.repeat(65)), name: `${'y'.repeat(65)}/file`, body: 'x' }),
      member({ ...star('some/where'), name: 'other', body: 'y' }),
      dockerfile(),
    ),
  },
  {
    name: 'names of the root',
    tar: tar(
      member({ name: '', typeflag: '5', mode: 0o700 }),
      dockerfile(),
      member({ name: '.', body: '' }),
      member({ name: '', body: 'nameless' }),
      member({ name: './/.', typeflag: '2', linkname: '/etc' }),
      member({ name: './', typeflag: '5' }),
    ),
    becomes: tar(
      member({ name: './', typeflag: '5', mode: 0o700 }),
      dockerfile(),
      member({ name: './', typeflag: '5' }),
    ),
  },
  {
    name: 'PAX lengths with zeros in front',
    leads: true,
    tar: tar(
      member({
        name: './PaxHeaders.1/entry',
        typeflag: 'x',
        body: `00000019 path=name\n${'0'.repeat(300)}317 comment=kept\n`,
      }),
      dockerfile(),
    ),
  },
  {
    name: 'padding that is not zeros',
    tar: tar(
      header({ name: 'odd', size: 3 }),
      Buffer.concat([Buffer.from('abc'), Buffer.alloc(509, 0x55)]),
      dockerfile(),
    ),
  },
  {
    name: 'sizes where only headers are',
    tar: tar(
      member({ name: 'dir/', typeflag: '5', size: 4096 }),
      member({ name: 'soft', typeflag: '2', linkname: 'dir', size: 3 }),
      member({ name: 'file', body: 'x' }),
      member({ name: 'hard', typeflag: '1', linkname: 'file', size: 1 }),
      dockerfile(),
    ),
  },
  {
    name: 'a root entry in front',
    tar: tar(
      member({ name: './', typeflag: '5', mode: 0o755 }),
      dockerfile({ name: './Dockerfile' }),
      member({ name: './app', body: data(2000, 47) }),
    ),
  },
];
