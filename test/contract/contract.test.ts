/** The command line that users rely on: each of its options exists, and a test gives it; each exit code is expected by a test. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { OPTIONS } from '../../src/cli/arguments/flags.js';
import { EXIT_CODES } from '../../src/cli/exit.js';
import contract from './contract.json' with { type: 'json' };

const TESTS = fileURLToPath(new URL('../', import.meta.url));
const OWN = 'contract/contract.test.ts';

/** Names of tests say what is tested, and give nothing. */
const TITLE = /\b(?:it|test|describe)(?:\.\w+)?(?:\([^'"`()]*\))?\(\s*(['"`]).*?\1/g;

/** The sources of all other tests, without comments and titles. */
const sources = (readdirSync(TESTS, { recursive: true }) as string[])
  .filter((path) => path.endsWith('.test.ts') && path !== OWN)
  .map((path) =>
    readFileSync(join(TESTS, path), 'utf8')
      .replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '')
      .replaceAll(TITLE, ''),
  );
const text = sources.join('\n');

describe('the contract', () => {
  it.each(contract.options)('has --%s in the help', (name) => {
    expect(OPTIONS.map((option) => option.name)).toContain(name);
  });

  it.each([...contract.options, ...contract.ignored])('has a test that gives --%s', (name) => {
    // As an argument, or in a command line.
    expect(text).toMatch(new RegExp(`['"\`\\s]--${name}(?=['"\`=\\s\\\\])`));
  });

  it.each(contract.exitCodes)('has a test that expects exit code %i', (code) => {
    const expected = new RegExp(
      `(?:code\\)\\.toBe\\(${code}\\)|expectFailure\\([^;]*?, ${code},|code: ${code}\\b|, ${code}[,\\]])`,
    );
    expect(text).toMatch(expected);
    if (code !== 0) expect(Object.values(EXIT_CODES)).toContain(code);
  });
});
