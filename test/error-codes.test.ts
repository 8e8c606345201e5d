import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { errorsMarkdown } from '../docs/errors.js';
import { OPTIONS } from '../src/cli/arguments/flags.js';
import { EXIT_CODES } from '../src/cli/exit.js';
import { ERROR_CODES, type ErrorCode } from '../src/error-codes.js';

const SRC = fileURLToPath(new URL('../src', import.meta.url));
const names = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && name !== 'error-codes.ts',
);
const sources = names.map((name) => readFileSync(join(SRC, name), 'utf8'));
/** Modules with texts that are no errors: the command line, its flags, findings, and what `inspect` prints. */
const SHOWN =
  /^(?:cli|options|page|elf|inspect\/(?:findings|text|cat\.ts|limits\.ts)|dockerfile\/names\.ts)(?:\/|$)/;

const kindsOf = (code: string): string[] =>
  (ERROR_CODES[code as ErrorCode].split(' | ')[0] as string).split(', ');

describe('the error codes', () => {
  it('are those of docs/errors.md (npm run docs writes it)', async () => {
    const written = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');
    const made = await format(errorsMarkdown(), { parser: 'markdown', printWidth: 100 });
    expect(written).toBe(made);
    expect([...written.matchAll(/^## ([A-Z0-9_]+)$/gm)].map((match) => match[1])).toEqual(
      Object.keys(ERROR_CODES),
    );
  });

  it('are in alphabetical order, each with known kinds, a cause and a remedy', () => {
    expect(Object.keys(ERROR_CODES)).toEqual(Object.keys(ERROR_CODES).sort());
    for (const [code, row] of Object.entries(ERROR_CODES)) {
      expect(row.split(' | '), code).toHaveLength(3);
      for (const kind of kindsOf(code)) expect(EXIT_CODES, code).toHaveProperty(kind);
    }
  });

  // The compiler refuses a code of the source that the table lacks.
  it('are all used in the source', () => {
    const text = sources.join('\n');
    expect(Object.keys(ERROR_CODES).filter((code) => !text.includes(`'${code}'`))).toEqual([]);
  });

  it('have the kinds with which the source throws them', () => {
    const pairs = sources.flatMap((text) => [
      ...text.matchAll(/new DockerceptionError\(\s*'(\w+)',\s*'([A-Z0-9_]+)'/g),
    ]);
    expect(pairs.length).toBeGreaterThan(100);
    const wrong = pairs.filter(([, kind = '', code = '']) => !kindsOf(code).includes(kind));
    expect(wrong.map(([, kind, code]) => `${code}: ${kind}`)).toEqual([]);
  });
});

describe('the errors of the library', () => {
  it('name its options, not flags: the command line replaces them', () => {
    const flags = new Set(OPTIONS.map(({ name }) => name));
    const found = names.flatMap((name, at) => {
      if (SHOWN.test(name)) return [];
      const code = (sources[at] as string)
        .replace(/\/\*[^]*?\*\/|^ *\/\/.*$/gm, '')
        // Commands to copy, and flags of tar and of instructions.
        .replace(
          /`dockerception [^`]*`|FROM --platform|for --from|with --label|journalctl --user|--exclude: |'dial-stdio', '--builder'|\['--platform', platform\]/g,
          '',
        );
      const own = [...code.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map(([, flag = '']) => flag);
      return own.filter((flag) => flags.has(flag)).map((flag) => `${name}: --${flag}`);
    });
    expect(found).toEqual([]);
  });
});
