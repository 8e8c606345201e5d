import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contextOptions } from '../../src/cli/arguments/context-options.js';
import { parse } from '../../src/cli/arguments/parse.js';

const read = (...argv: string[]): ReturnType<typeof contextOptions> =>
  contextOptions(parse(argv), {});

describe('a verb that is misspelt', () => {
  it.each([
    [['buidl', '.'], 'build'],
    [['buidl'], 'build'],
    [['biuld', '-t', 'app', '.'], 'build'],
    [['-t', 'app', 'filtr', '-'], 'filter'],
    [['flter', '--from', 'builder'], 'filter'],
  ])('is told with the one that was meant: %j', async (argv, verb) => {
    const word = argv.find((one) => /^[bf]/.test(one));
    await expect(read(...argv)).rejects.toMatchObject({
      kind: 'usage',
      message: `reading the command line: ${word} is neither a verb nor a context that is there`,
      hint: `did you mean ${verb}?`,
    });
  });

  it('is a context when that is there', async () => {
    const [before, folder] = [process.cwd(), mkdtempSync(join(tmpdir(), 'dockerception-'))];
    mkdirSync(join(folder, 'buidl'));
    process.chdir(folder);
    try {
      await expect(read('buidl')).resolves.toMatchObject({ context: 'buidl' });
    } finally {
      process.chdir(before);
      rmSync(folder, { recursive: true });
    }
  });

  it.each([['-'], ['context'], ['./buidl'], ['app.tar']])('is none: %s', async (word) => {
    await expect(read(word)).resolves.toMatchObject({ context: word });
  });

  it.each([[['context', '.']], [['src', 'test']]])('is none of two contexts: %j', async (argv) => {
    await expect(read(...argv)).rejects.toThrow('one context is taken, not 2');
  });
});
