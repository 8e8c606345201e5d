import { describe, expect, it, test } from 'vitest';
import { listens } from '../../src/builder/serve.js';
import { parseDockerfile } from '../../src/dockerfile/parse.js';
import { compileGlob } from '../../src/dockerfile/patterns/glob.js';
import { compileIgnore } from '../../src/dockerfile/patterns/ignore.js';
import { expandWord } from '../../src/dockerfile/syntax/shell.js';
import { Root } from '../../src/elf/builder-files.js';
import { isOfLibc } from '../../src/elf/elf-file.js';
import { builtInDirectories } from '../../src/elf/loader.js';
import { readLdSoConf } from '../../src/elf/loader-configuration.js';
import { evaluateStage } from '../../src/engine/embedded/stages/evaluate-stage.js';
import { nameOfUrl } from '../../src/engine/embedded/steps/remote-file.js';
import { findSources } from '../../src/engine/embedded/steps/sources.js';
import { MADE_BY_ROOT, Tree } from '../../src/filesystem/tree.js';
import { parseChallenges } from '../../src/image/registry/authenticator.js';
import { secretsIn } from '../../src/inspect/probe/secrets.js';
import { FileTree } from '../../src/page/client/model/file-tree.js';
import { Searcher } from '../../src/page/client/model/search.js';
import { encodeSide } from '../../src/page/encode.js';
import { compileShellGlob } from '../../src/text/shell-glob.js';
import { distance, nearestNames, suggest } from '../../src/text/suggest.js';
import { lastVersion, plainText } from '../../src/text/terminal.js';
import { joinLines, trimEnd, withoutSlashes } from '../../src/text/trim.js';
import { memoryFiles } from '../elf/memory.js';
import { makeInspection } from '../support/inspect/inspection.js';

/**
 * Milliseconds: what runs in linear time needs a hundredth of it, what doesn't needs minutes, or for
 * ever.
 */
const BOUND = 10_000;

/** Most of what a backtracking matcher tries, for a text that the pattern nearly matches. */
const STARS = '*a*a*a*a*a*a*a*a*a*a*a*a*c*b';
const TEXT = 'a'.repeat(50_000);
const MANY = 200_000;

const dockerfile = (text: string): (() => unknown) => {
  return () => {
    try {
      return parseDockerfile(text, 'Dockerfile');
    } catch (error) {
      return error;
    }
  };
};

/** As many lines as long as a Dockerfile's may be. */
const longLines = (line: (length: number) => string): string =>
  `FROM scratch\n${Array.from({ length: 40 }, () => `${line(60_000)}\n`).join('')}`;

const names = Array.from({ length: 500 }, (_, index) => `${'b'.repeat(4000)}${index}`);

const CASES: readonly (readonly [title: string, work: () => unknown])[] = [
  ['a pattern of .dockerignore', () => compileIgnore([STARS]).matches(TEXT)],
  ['a pattern with **', () => compileIgnore(['**/a'.repeat(20) + '/c']).matches('a/'.repeat(9000))],
  ['a pattern with many **', () => compileIgnore(['**a'.repeat(20) + 'c']).matches(TEXT)],
  ['a pattern with classes', () => compileIgnore(['[a-b]*'.repeat(20) + 'c']).matches(TEXT)],
  ['an exception', () => compileIgnore(['*', `!${STARS}`]).matches(TEXT)],
  ['a pattern below a directory', () => compileIgnore([`x/${STARS}`]).matches(`x/${TEXT}`)],
  ['a glob of COPY', () => compileGlob(STARS)(TEXT)],
  ['a glob of a shell', () => compileShellGlob(`**/${STARS}`, true)(TEXT)],
  ['brackets that nothing closes', () => compileShellGlob('['.repeat(MANY))(TEXT)],
  [
    'a search in the page',
    () => {
      const { entries } = encodeSide(makeInspection([{ path: TEXT, size: 1 }]));
      return new Searcher(new FileTree(entries)).find(STARS);
    },
  ],
  [
    'an include of ld.so.conf',
    () =>
      readLdSoConf(
        new Root(memoryFiles({ '/etc/ld.so.conf': `include ${STARS}`, [`/etc/${TEXT}`]: '/a' })),
      ),
  ],
  [
    'a type of ld.so.conf',
    () => readLdSoConf(new Root(memoryFiles({ '/etc/ld.so.conf': `/${'='.repeat(MANY)}/` }))),
  ],
  ...['#', '##', '%', '%%', '/', '//'].map(
    (modifier) =>
      [
        `\${x${modifier}…}`,
        () =>
          expandWord(
            `\${x${modifier}${STARS}${modifier.startsWith('/') ? '/y' : ''}}`,
            new Map([['x', TEXT]]),
            {
              escape: '\\',
            },
          ),
      ] as const,
  ),
  ['blanks in a Dockerfile', dockerfile(longLines((n) => `ENV a=b${' '.repeat(n)}c`))],
  ['carriage returns in a Dockerfile', dockerfile(longLines((n) => `ENV a=b${'\r'.repeat(n)}c`))],
  ['blanks in a heredoc’s mark', dockerfile(longLines((n) => `COPY <<${' '.repeat(n)}< /`))],
  ['blanks in a directive', dockerfile(`# syntax=a${' '.repeat(60_000)}b\u2028\nFROM scratch\n`)],
  ['flags', dockerfile(longLines((n) => `COPY ${'--a '.repeat(n / 4)}`))],
  ['a long name that is misspelt', () => nearestNames('a'.repeat(60_000), names)],
  ['a long name that is nearly right', () => suggest('', `${TEXT}b`, [`${TEXT}c`], true)],
  [
    'a challenge of a registry',
    () => {
      for (let at = 0; at < 20; at++)
        parseChallenges(`Bearer${' '.repeat(16_000)}"${'a '.repeat(100)}`);
    },
  ],
  ['keys that begin', () => secretsIn('x', '-----BEGIN PRIVATE KEY-----\n'.repeat(40_000))],
  [
    'decorations of a key',
    () =>
      secretsIn(
        'x',
        `-----BEGIN PRIVATE KEY-----\n${'", '.repeat(MANY)}x\n-----END PRIVATE KEY-----`,
      ),
  ],
  ['line ends in .npmrc', () => secretsIn('.npmrc', '\r'.repeat(MANY))],
  ['line ends in .pypirc', () => secretsIn('.pypirc', '\n'.repeat(MANY))],
  ['slashes in a loader', () => builtInDirectories(Buffer.alloc(MANY, '/'))],
  ['a library’s path', () => isOfLibc(`/ld${'-'.repeat(MANY)}/x`)],
  ['line ends in /proc/net/tcp', () => listens('\n'.repeat(MANY), 80)],
  ['blanks in a log', () => plainText(`${' '.repeat(MANY)}x`)],
  ['carriage returns in a log', () => lastVersion(`${'\r'.repeat(MANY)}x`)],
  ['blanks in a message', () => joinLines(`${' '.repeat(MANY)}x`, ' / ')],
  ['the name of a URL', () => nameOfUrl(`http://x/${'/'.repeat(MANY)}x?${'?\n'.repeat(MANY)}`)],
  ['a path', () => withoutSlashes(`${'/'.repeat(MANY)}x`)],
];

describe('takes no more than linear time for', () => {
  it.each(CASES)('%s', async (_, work) => {
    const started = performance.now();
    await work();
    expect(performance.now() - started).toBeLessThan(BOUND);
  });

  it('any number of ** in COPY --parents, and finds each source once', () => {
    const tree = new Tree();
    const path = Array.from({ length: 40 }, () => 'a');
    tree.directory(path, MADE_BY_ROOT);
    const started = performance.now();
    const found = findSources(tree, `${'**/'.repeat(12)}a`, 'the context', true);
    expect(found.map(({ literal }) => literal.length).sort((a, b) => a - b)).toEqual(
      path.map((_, index) => index + 1),
    );
    expect(performance.now() - started).toBeLessThan(BOUND);
  });
});

test('variables that double each other’s length are refused before they fill the memory', () => {
  const lines = Array.from({ length: 60 }, () => 'ENV A=$A$A$A$A');
  const parsed = parseDockerfile(
    `FROM scratch\nENV A=0123456789\n${lines.join('\n')}\n`,
    'Dockerfile',
  );
  const [stage] = parsed.stages;
  expect(() =>
    evaluateStage(stage as NonNullable<typeof stage>, undefined, {
      dockerfile: parsed,
      globals: new Map(),
      buildArgs: {},
      warn: () => undefined,
      ignores: () => false,
    }),
  ).toThrow(/Dockerfile:\d+: .*the expanded text is too long/);
});

describe('a bounded distance', () => {
  it('is the distance wherever that is less than the bound', () => {
    const words = ['', 'a', 'ab', 'ba', 'abc', 'acb', 'bcd', 'abcdef', 'abXdef', 'xbcdefg', 'copy'];
    for (const a of words)
      for (const b of words)
        for (const limit of [1, 2, 3])
          expect(Math.min(distance(a, b, limit), limit), `${a} ${b} ${limit}`).toBe(
            Math.min(distance(a, b), limit),
          );
  });
});

test('ends are trimmed, and lines joined with what is around their ends', () => {
  expect(trimEnd('a.b..', '.')).toBe('a.b');
  expect(trimEnd('...', '.')).toBe('');
  expect([withoutSlashes('/'), withoutSlashes('//'), withoutSlashes('a//')]).toEqual([
    '/',
    '/',
    'a',
  ]);
  expect(joinLines(' a \r\n\n  b\nc ', ' / ')).toBe(' a / b / c ');
  expect(joinLines('a\n', ' / ')).toBe('a / ');
});
