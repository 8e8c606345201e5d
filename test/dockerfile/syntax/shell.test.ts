import { describe, expect, test } from 'vitest';
import { expandWord, expandWords } from '../../../src/dockerfile/syntax/shell.js';

const VARIABLES = new Map([
  ['v', 'abc.tar.gz'],
  ['p', '/a/b/c'],
  ['w', '*a?'],
  ['e', ''],
  ['l', 'one\ntwo'],
]);
const BACKSLASH = { escape: '\\' };

describe('a word is expanded:', () => {
  test.each([
    ['$v', 'abc.tar.gz'],
    ['${v}x', 'abc.tar.gzx'],
    ['$vx', ''],
    ['$', '$'],
    ['a$', 'a$'],
    ['$1a', 'a'],
    ['\\$v', '$v'],
    ["'$v'", '$v'],
    ['"$v"', 'abc.tar.gz'],
    ['"\\$v \\" \\a"', '$v " \\a'],
    ['a\\ b', 'a b'],
    ['${u-x}', 'x'],
    ['${e-x}', ''],
    ['${e:-x}', 'x'],
    ['${e+x}', 'x'],
    ['${e:+x}', ''],
    ['${u+x}', ''],
    ['${v:+${p}}', '/a/b/c'],
    ['${u:-${e:-"q r"}}', 'q r'],
    ['${v#*.}', 'tar.gz'],
    ['${v##*.}', 'gz'],
    ['${v%.*}', 'abc.tar'],
    ['${v%%.*}', 'abc'],
    ['${w#\\*}', 'a?'],
    ['${w%\\?}', '*a'],
    ['${w#?}', 'a?'],
    ['${l#*o}', 'ne\ntwo'],
    ['${l##*o}', 'ne\ntwo'],
    ['${l%o*}', 'one\ntw'],
    ['${v/a/X}', 'Xbc.tar.gz'],
    ['${v//a/X}', 'Xbc.tXr.gz'],
    ['${v//?/-}', '----------'],
    ['${v//*/x}', 'x'],
    ['${e//*/x}', 'x'],
    ['${v//z*/x}', 'abc.tar.gx'],
    ['${p//\\//_}', '_a_b_c'],
    ['${v/./}', 'abctar.gz'],
    ['${v//a/[$0]}', '[]bc.t[]r.gz'],
    ["${v//a/'[$0]'}", '[a]bc.t[a]r.gz'],
  ])('%s', (word, expected) => {
    expect(expandWord(word, VARIABLES, BACKSLASH)).toBe(expected);
  });
});

describe('a word is refused:', () => {
  test.each([
    ['${v', "syntax error: missing '}'"],
    ['${}', 'syntax error: bad substitution'],
    ['${:x}', 'syntax error: bad substitution'],
    ['${v:=x}', 'unsupported modifier (:=) in substitution'],
    ['${v@U}', 'unsupported modifier (@) in substitution'],
    ['${u?}', 'u: is not allowed to be unset'],
    ['${e:?}', 'e: is not allowed to be empty'],
    ['${u?tell me}', 'u: tell me'],
    ['${v/a}', "syntax error: missing '/' in ${}"],
    ['${v/a/b', "syntax error: missing '}'"],
    ['${v#\\a}', "invalid pattern (\\a) in substitution: invalid escape '\\a'"],
    ['"a', 'unexpected end of statement while looking for matching double-quote'],
    ["'a", 'unexpected end of statement while looking for matching single-quote'],
    ['${x:-'.repeat(5000), 'substitutions are nested too deeply'],
  ])('%.30s', (word, why) => {
    expect(() => expandWord(word, VARIABLES, BACKSLASH)).toThrow(
      `failed to process ${JSON.stringify(word)}: ${why}`,
    );
  });
});

test('a backtick escapes where the file says so, and a backslash is itself', () => {
  expect(expandWord('`$v\\x "`""', VARIABLES, { escape: '`' })).toBe('$v\\x "');
});

test('words are split after expansion, but not where they are quoted', () => {
  const variables = new Map([['ports', ' 80  90/udp ']]);
  const split = (word: string): string[] => expandWords(word, variables, BACKSLASH);
  expect(split('$ports')).toEqual(['80', '90/udp']);
  expect(split('"$ports"')).toEqual([' 80  90/udp ']);
  expect(split('a\\ b c')).toEqual(['a b', 'c']);
  expect(split('x$ports')).toEqual(['x', '80', '90/udp']);
  expect(split('$none')).toEqual([]);
});

test('in a heredoc, quotes mean nothing', () => {
  const options = { escape: '\\', ignoreQuotes: true };
  expect(expandWord('"$v" \'$v\' \\$v \\\\ <<x', VARIABLES, options)).toBe(
    '"abc.tar.gz" \'abc.tar.gz\' $v \\ <<x',
  );
});

test('a byte order mark in front of a word goes, others stay', () => {
  expect(expandWord('\uFEFF\uFEFFa\uFEFF', VARIABLES, BACKSLASH)).toBe('\uFEFFa\uFEFF');
});

test('names of an object’s own members are not variables', () => {
  expect(expandWord('$constructor$__proto__', new Map(), BACKSLASH)).toBe('');
});

test('a pattern of many runs costs no more than the text and the pattern are long', () => {
  const started = performance.now();
  const variables = new Map([['x', 'a'.repeat(5000)]]);
  const word = `\${x##${'*a'.repeat(50)}b}`;
  expect(expandWord(word, variables, BACKSLASH)).toHaveLength(5000);
  expect(performance.now() - started).toBeLessThan(1500);
});
