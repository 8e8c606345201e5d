import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { lastVersion, plainText, textWidth, truncate, wrap } from '../../src/text/terminal.js';

test.each([
  ['plain\ttext', 'plain\ttext'],
  ['\x1b[31mred\x1b[0m', 'red'],
  ['\x1b[2J\x1b[H\x1b[?1049hgone', 'gone'],
  ['\x1b]0;title\x07text', 'text'],
  ['\x1b]8;;http://example.com\x1b\\link\x1b]8;;\x1b\\', 'link'],
  ['\x1bPq\x1b\\text', 'text'],
  ['\x9b31mred\x9d0;title\x9ctext', 'redtext'],
  ['\x1bcreset \x1b(Bset', 'reset set'],
  ['bell\x07 back\bspace \x7f\x00', 'bell backspace '],
  ['\x1b[', ''],
  ['two\r\n  lines', 'two lines'],
  ['left\u202eright', 'leftright'],
  ['ünïcode \u{1f600}', 'ünïcode \u{1f600}'],
])('%j is shown as %j', (text, shown) => expect(plainText(text)).toBe(shown));

test('a line that starts over shows its last version', () => {
  expect(lastVersion('10%\r50%\r100%')).toBe('100%');
  expect(lastVersion('text\r')).toBe('text');
});

test('widths, and texts cut to them', () => {
  expect(textWidth('abc')).toBe(3);
  expect(textWidth('日本')).toBe(4);
  expect(textWidth('e\u0301\u{1f600}')).toBe(3);
  expect(truncate('abcdef', 6)).toBe('abcdef');
  expect(truncate('abcdef', 5)).toBe('abcd…');
  expect(truncate('日本語', 5)).toBe('日本…');
  expect(truncate('a\tb', 10)).toBe('a  b');
  expect(truncate('abc', 0)).toBe('');
});

describe('a text', () => {
  it('is broken between words, and in those that are too long', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('a verylongword b', 5)).toEqual(['a', 'veryl', 'ongwo', 'rd b']);
    expect(wrap('', 5)).toEqual(['']);
  });

  it('loses nothing but blanks', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 20 }), (text, columns) => {
        const bare = (each: string): string => each.replaceAll(' ', '');
        expect(bare(wrap(text, columns).join(''))).toBe(bare(text));
      }),
    );
  });
});
