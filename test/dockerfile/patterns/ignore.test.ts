import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  compileIgnore,
  keepBuildFiles,
  parseIgnore,
} from '../../../src/dockerfile/patterns/ignore.js';
import { DockerceptionError } from '../../../src/errors.js';
import { files, ignores, malformed } from './ignore-cases.js';

// What each .dockerignore leaves out of the tree of ignore-cases.ts, a Dockerfile and itself:
//   docker buildx build -o type=tar,dest=- DIR, with the Dockerfile "FROM scratch", "COPY . /"
// of Docker Engine 28.5.2 and buildx 0.29.1. test/engines/ignore.test.ts compares again.
const excluded = JSON.parse(
  readFileSync(new URL('ignore-excluded.json', import.meta.url), 'utf8'),
) as Record<string, string[]>;

const all = [...files, 'Dockerfile', '.dockerignore'];

describe('a .dockerignore excludes what docker excludes:', () => {
  test.each(ignores)('%j', (text) => {
    const ignore = compileIgnore(parseIgnore(text));
    expect(all.filter((file) => ignore.matches(file))).toEqual(excluded[text]);
  });

  test.each(ignores)('%j, when the paths come in another order', (text) => {
    const ignore = compileIgnore(parseIgnore(text));
    const found = [...all].reverse().filter((file) => ignore.matches(file));
    expect(found.reverse()).toEqual(excluded[text]);
  });

  test.each(ignores)('%j, with no kept file below a directory that is not walked', (text) => {
    const ignore = compileIgnore(parseIgnore(text));
    for (const file of all.filter((each) => !ignore.matches(each)))
      for (let at = file.indexOf('/'); at > 0; at = file.indexOf('/', at + 1)) {
        const above = file.slice(0, at);
        if (ignore.matches(above)) expect(ignore.couldKeepBelow(above), above).toBe(true);
      }
  });
});

test('a path that is deeper than what is remembered is excluded as its directories are', () => {
  const names = ['a', 'foo', 'b', 'node_modules', 'xfoo', 'sub', 'x.txt'];
  const path = Array.from({ length: 200 }, (_, at) => names[(at * 5 + (at >> 2)) % 7]).join('/');
  for (const text of ignores) {
    const patterns = parseIgnore(text);
    const known = compileIgnore(patterns);
    for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
      const above = path.slice(0, at);
      expect(compileIgnore(patterns).matches(above), above).toBe(known.matches(above));
    }
  }
});

test('an excluded directory is walked only when an exception may bring something back', () => {
  const ignore = compileIgnore(['node_modules', 'a', '!a/b/c', '!x*/y']);
  expect(ignore.couldKeepBelow('node_modules')).toBe(false);
  expect(ignore.couldKeepBelow('a')).toBe(true);
  expect(ignore.couldKeepBelow('a/b')).toBe(true);
  expect(ignore.couldKeepBelow('a/bc')).toBe(false);
  expect(ignore.couldKeepBelow('a/b/c/d')).toBe(true);
  expect(ignore.couldKeepBelow('xa')).toBe(true);
});

test.each(malformed)('the pattern %j is refused, with its line', (text) => {
  const line = text.split('\n').length;
  try {
    parseIgnore(text);
  } catch (error) {
    expect(error).toBeInstanceOf(DockerceptionError);
    expect((error as DockerceptionError).kind).toBe('context');
    expect((error as Error).message).toContain(`reading .dockerignore: line ${line}: `);
    expect((error as Error).message).toContain(JSON.stringify(text.split('\n').pop()));
    return;
  }
  expect.unreachable();
});

test('a malformed pattern of the command line is a usage error', () => {
  expect(() => compileIgnore(['[a'])).toThrow(expect.objectContaining({ kind: 'usage' }));
});

test('the Dockerfile and the .dockerignore are kept, and only where they would be excluded', () => {
  expect(keepBuildFiles(['*'], 'Dockerfile')).toEqual(['*', '!.dockerignore', '!Dockerfile']);
  expect(keepBuildFiles(['*.md'], 'Dockerfile')).toEqual(['*.md']);
  expect(keepBuildFiles(['docker'], 'docker/app[1]')).toEqual(['docker', '!docker/app\\[1\\]']);
  const kept = compileIgnore(keepBuildFiles(['docker'], 'docker/app[1]'));
  expect(kept.matches('docker/app[1]')).toBe(false);
  expect(kept.matches('docker/app1')).toBe(true);
});
