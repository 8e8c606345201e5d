import { describe, expect, it } from 'vitest';
import { parseCompression } from '../../src/compression/compress.js';

describe('a compression', () => {
  it.each([
    [undefined, undefined, { type: 'gzip' }],
    ['gzip', undefined, { type: 'gzip' }],
    [undefined, '9', { type: 'gzip', level: 9 }],
    ['zstd', '19', { type: 'zstd', level: 19 }],
    ['none', undefined, { type: 'none' }],
  ])('is read from %s and %s', (type, level, expected) => {
    expect(parseCompression(type, level)).toEqual(expected);
  });

  it.each([
    ['bzip2', undefined, 'COMPRESSION_UNKNOWN', '"bzip2" is not one of gzip, zstd, none'],
    ['', undefined, 'COMPRESSION_UNKNOWN', '"" is not one of'],
    ['toString', undefined, 'COMPRESSION_UNKNOWN', '"toString" is not one of'],
    ['gzip', '0', 'COMPRESSION_LEVEL', '"0" is not a level of gzip: 1 to 9'],
    ['gzip', '10', 'COMPRESSION_LEVEL', '1 to 9'],
    ['gzip', '', 'COMPRESSION_LEVEL', '1 to 9'],
    ['gzip', '1.5', 'COMPRESSION_LEVEL', '1 to 9'],
    ['gzip', '1e0', 'COMPRESSION_LEVEL', '1 to 9'],
    ['zstd', '20', 'COMPRESSION_LEVEL', '1 to 19'],
    ['none', '1', 'COMPRESSION_LEVEL', 'layers that are not compressed have no level'],
  ])('of %s and %s is refused', (type, level, code, why) => {
    const fail = (): unknown => parseCompression(type, level);
    expect(fail).toThrow(why);
    expect(fail).toThrow(expect.objectContaining({ kind: 'usage', code }));
  });
});
