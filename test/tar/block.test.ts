import { describe, expect, test } from 'vitest';
import {
  isHeaderOnly,
  isMetadata,
  isZeroBlock,
  magicOf,
  NAME,
  paddingOf,
  textField,
  typeOf,
} from '../../src/tar/block.js';
import { headerBlock, metadataEntry, rootHeader } from '../../src/tar/writer.js';
import { printable } from '../../src/text/printable.js';
import { readTar } from '../support/read-tar.js';
import { header, long, pax } from '../support/write-tar.js';

describe('a block', () => {
  test.each(['v7', 'ustar', 'gnu'] as const)('says its format: %s', (magic) => {
    expect(magicOf(header({ name: 'x', magic }), 0)).toBe(magic);
  });

  test.each([
    [0, 0],
    [1, 511],
    [511, 1],
    [512, 0],
    [513, 511],
    [2 ** 33, 0],
    [2 ** 40 + 1, 511],
    [Number.MAX_SAFE_INTEGER, 1],
  ])('of padding: behind %d bytes come %d', (size, padding) => {
    expect(paddingOf(size)).toBe(padding);
  });

  test('is zero only when all of it is', () => {
    const block = Buffer.alloc(1024);
    expect(isZeroBlock(block, 512)).toBe(true);
    block[1023] = 1;
    expect(isZeroBlock(block, 512)).toBe(false);
    expect(isZeroBlock(block, 0)).toBe(true);
  });

  test('has text up to a NUL, or to the end of the field', () => {
    expect(textField(header({ name: 'a\0b' }), 0, NAME).toString()).toBe('a');
    expect(textField(header({ name: 'f'.repeat(120) }), 0, NAME)).toHaveLength(100);
  });
});

describe('a typeflag', () => {
  test.each([
    ['\0', 'file', false],
    ['0', 'file', false],
    ['1', 'hard-link', true],
    ['2', 'symlink', true],
    ['3', 'char-device', true],
    ['4', 'block-device', true],
    ['5', 'directory', true],
    ['6', 'fifo', true],
    ['7', 'contiguous-file', false],
    ['S', 'sparse-file', false],
    ['V', 'unknown', false],
    ['Z', 'unknown', false],
    ['\xff', 'unknown', false],
  ] as const)('%j is a %s', (flag, type, headerOnly) => {
    expect(typeOf(flag.charCodeAt(0))).toBe(type);
    expect(isHeaderOnly(type)).toBe(headerOnly);
  });

  test('of metadata is one of five', () => {
    const all = Array.from({ length: 256 }, (_, byte) => byte).filter(isMetadata);
    expect(String.fromCharCode(...all)).toBe('KLXgx');
  });
});

describe('a header of our own', () => {
  test('is what others write, for the root', () => {
    const wanted = header({
      name: './',
      typeflag: '5',
      mode: 0o755,
      uid: 0,
      gid: 3_000_000,
      mtime: 17,
      uname: '',
      gname: '',
    });
    expect(rootHeader(0, 3_000_000, 17.9).equals(wanted)).toBe(true);
  });

  test.each(['x', 'L', 'K'] as const)('carries what a header is too short for: %s', (flag) => {
    const theirs = flag === 'x' ? pax([['path', 'p']]) : long(flag, 'p');
    const data = theirs.subarray(512, theirs.indexOf(0, 512) + (flag === 'x' ? 0 : 1));
    const made = metadataEntry(flag, data, 5);
    const { header: block, body } = readTar(
      Buffer.concat([
        made,
        headerBlock({ path: 'x', typeflag: '0', mode: 0, uid: 0, gid: 0, size: 0, mtime: 0 }),
      ]),
    ).groups[0] as { header: { typeflag: string }; body: Buffer };
    expect(block).toMatchObject({ typeflag: flag, uid: 0, gid: 0, mtime: 5, magic: 'ustar' });
    expect(body.equals(data)).toBe(true);
  });
});

describe('what is printed of a name', () => {
  test.each([
    ['plain.txt', 'plain.txt'],
    ['Grüße', 'Grüße'],
    ['\x1b[31mred\x07', '\\x1b[31mred\\x07'],
    ['a\nb\r', 'a\\x0ab\\x0d'],
    ['\x7f\x9b', '\\x7f\\x9b'],
    ['right\u202eleft', 'right\\u202eleft'],
    ['l'.repeat(300), `${'l'.repeat(200)}…`],
  ])('acts on no terminal and is bounded: %j', (name, shown) => {
    expect(printable(name)).toBe(shown);
    expect(printable(Buffer.from(name))).toBe(shown);
  });
});
