import { describe, expect, test } from 'vitest';
import { compileGlob, hasWildcards } from '../../../src/dockerfile/patterns/glob.js';

// What Go's filepath.Match says, as its own test has it (path/filepath/match_test.go).
const MATCHES: readonly (readonly [pattern: string, name: string, matches: boolean])[] = [
  ['abc', 'abc', true],
  ['*', 'abc', true],
  ['*', '', true],
  ['', '', true],
  ['', 'a', false],
  ['*c', 'abc', true],
  ['a*', 'a', true],
  ['a*', 'abc', true],
  ['a*', 'ab/c', false],
  ['a*/b', 'abc/b', true],
  ['a*/b', 'a/c/b', false],
  ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
  ['a*b*c*d*e*/f', 'axbxcxdxexxx/f', true],
  ['a*b*c*d*e*/f', 'axbxcxdxe/xxx/f', false],
  ['a*b*c*d*e*/f', 'axbxcxdxexxx/fff', false],
  ['a*b?c*x', 'abxbbxdbxebxczzx', true],
  ['a*b?c*x', 'abxbbxdbxebxczzy', false],
  ['ab[c]', 'abc', true],
  ['ab[b-d]', 'abc', true],
  ['ab[e-g]', 'abc', false],
  ['ab[^c]', 'abc', false],
  ['ab[^b-d]', 'abc', false],
  ['ab[^e-g]', 'abc', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'ab', false],
  ['a?b', 'a☺b', true],
  ['a[^a]b', 'a☺b', true],
  ['a???b', 'a☺b', false],
  ['a[^a][^a][^a]b', 'a☺b', false],
  ['[a-ζ]*', 'α', true],
  ['*[a-ζ]', 'A', false],
  ['a?b', 'a/b', false],
  ['a*b', 'a/b', false],
  ['a[^x]b', 'a/b', true],
  ['[\\]a]', ']', true],
  ['[\\-]', '-', true],
  ['[x\\-]', 'x', true],
  ['[x\\-]', '-', true],
  ['[x\\-]', 'z', false],
  ['[\\-x]', 'a', false],
  ['*x', 'xxx', true],
  ['**', 'a', true],
  ['**', 'a/b', false],
  ['*/*', 'a/b', true],
  ['[!a]', '!', true],
];

describe('a glob matches what Go’s filepath.Match matches:', () => {
  test.each(MATCHES)('%j and %j', (pattern, name, matches) => {
    expect(compileGlob(pattern)(name)).toBe(matches);
  });
});

test.each([
  '[]a]',
  '[-]',
  '[x-]',
  '[-x]',
  '\\',
  '[a-b-c]',
  '[',
  '[^',
  '[^bc',
  'a[',
  'a/b[',
  '[]',
  'x\\',
])('the malformed glob %j is refused whatever the name', (pattern) => {
  for (const name of ['', 'a', 'x', '-', ']'])
    expect(() => compileGlob(pattern)(name)).toThrow(
      expect.objectContaining({ kind: 'build', code: 'DOCKERFILE_PATTERN' }),
    );
});

test('many runs of a glob cost no more than the text and the glob are long', () => {
  const started = performance.now();
  expect(compileGlob('*a'.repeat(200))(`${'a'.repeat(20_000)}b`)).toBe(false);
  expect(performance.now() - started).toBeLessThan(1000);
});

test('a wildcard is told from an escaped one', () => {
  for (const pattern of ['*', 'a?', '[', '\\\\*']) expect(hasWildcards(pattern)).toBe(true);
  for (const pattern of ['', 'a', 'a\\*', '\\[x', ']', '\\'])
    expect(hasWildcards(pattern)).toBe(false);
});
