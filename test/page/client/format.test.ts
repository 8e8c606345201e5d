import { describe, expect, it } from 'vitest';
import {
  modeOf,
  partsOf,
  ratioText,
  shareOf,
  timeOf,
  visible,
} from '../../../src/page/client/elements/format.js';

describe('a name on the page', () => {
  it('has control and invisible characters escaped', () => {
    expect(visible('\x1b[31m')).toBe('\\x1b[31m');
    expect(visible('a\nb\r\t\x7f\x9b')).toBe('a\\x0ab\\x0d\\x09\\x7f\\x9b');
    expect(visible('txt\u202egpj.exe\u2066\u200f\u061c')).toBe(
      'txt\\u202egpj.exe\\u2066\\u200f\\u061c',
    );
    expect(visible('a\u200bb\u00adc\ufeff\u2028\u3164')).toBe(
      'a\\u200bb\\xadc\\ufeff\\u2028\\u3164',
    );
    expect(visible('tag\u{e0041}')).toBe('tag\\u{e0041}');
    expect(visible('half \ud83d')).toBe('half \\ud83d');
  });

  it('is otherwise unchanged', () => {
    for (const text of ['app', 'ä ö 日本語', 'שלום', '🙂', '<b>&amp;', '\ufffd', 'a  b', '\\x1b']) {
      expect(visible(text)).toBe(text);
    }
  });

  it('distinguishes escaped characters from text that looks like an escape', () => {
    expect(partsOf('\\x1b\x1b.')).toEqual([
      { text: '\\x1b', escaped: false },
      { text: '\\x1b', escaped: true },
      { text: '.', escaped: false },
    ]);
  });
});

describe('an entry in words', () => {
  it('has its mode as ls prints it', () => {
    expect(modeOf('f', 0o644)).toBe('-rw-r--r--');
    expect(modeOf('f', 0o4755)).toBe('-rwsr-xr-x');
    expect(modeOf('f', 0o2644)).toBe('-rw-r-Sr--');
    expect(modeOf('d', 0o1777)).toBe('drwxrwxrwt');
    expect(modeOf('l', 0o777)).toBe('lrwxrwxrwx');
    expect(modeOf('c', 0o1000)).toBe('c--------T');
  });

  it('has a share above 0 % for any size above 0', () => {
    expect(shareOf(1, 1_000_000)).toBe('< 0.1 %');
    expect(shareOf(0, 5)).toBe('0 %');
    expect(shareOf(5, 0)).toBe('0 %');
    expect(shareOf(1, 3)).toBe('33 %');
    expect(shareOf(1, 40)).toBe('2.5 %');
  });

  it('has a time, or the number of an invalid date', () => {
    expect(timeOf(0)).toBe('1970-01-01 00:00 UTC');
    expect(timeOf(1e18)).toBe('1000000000000000000');
  });
});

describe('a ratio of sizes', () => {
  it('is a part, or a multiple', () => {
    expect(ratioText(650, 10)).toEqual(['1/65', 'of it']);
    expect(ratioText(15, 10)).toEqual(['1/1.5', 'of it']);
    expect(ratioText(10, 10)).toEqual(['1×', 'the size']);
    expect(ratioText(10, 25)).toEqual(['2.5×', 'the size']);
    expect(ratioText(0, 25)).toEqual(['25 B', 'instead of nothing']);
    expect(ratioText(25, 0)).toEqual(['nothing', 'is left']);
    expect(ratioText(0, 0)).toEqual(['1×', 'the size']);
  });
});
