import { expect, it } from 'vitest';
import { printableQuote, shellCommand } from '../../src/text/shell-quote.js';

it.each([
  ['/app', '/app'],
  ['--port=8080', '--port=8080'],
  ['', "''"],
  ['hello world', "'hello world'"],
  ["it's", "'it'\\''s'"],
  ['$HOME', "'$HOME'"],
  ['**/*.c', "'**/*.c'"],
  ['a\\b', "'a\\b'"],
  ['a\nb', "$'a\\x0ab'"],
  ["\x1b[31m'\\", "$'\\x1b[31m\\'\\\\'"],
  ['\u009b\u202ea', "$'\\u009b\\u202ea'"],
  ['grün', "'grün'"],
])('%j is typed as %s', (word, typed) => expect(printableQuote(word)).toBe(typed));

it('a command is its words', () => {
  expect(shellCommand(['sh', '-c', 'exec "$@"'])).toBe(`sh -c 'exec "$@"'`);
});
