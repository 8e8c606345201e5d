import { readFileSync } from 'node:fs';
import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { commandLineMarkdown } from '../../../docs/command-line.js';
import { OPTIONS } from '../../../src/cli/arguments/flags.js';
import { parse } from '../../../src/cli/arguments/parse.js';
import { helpText, requestedHelp } from '../../../src/cli/help.js';
import { VERBS } from '../../../src/options/schema.js';

const help = (...argv: readonly string[]): string => requestedHelp(parse(argv));
const optionsIn = (text: string): number => text.match(/^ {2}.{4}--/gm)?.length ?? 0;

describe('the manual', () => {
  it('is what the option table says (npm run docs writes it)', async () => {
    const written = readFileSync(new URL('../../../docs/command-line.md', import.meta.url), 'utf8');
    const made = await format(commandLineMarkdown(), { parser: 'markdown', printWidth: 100 });
    expect(written).toBe(made);
  });

  it.each(VERBS)('has every option of %s in its whole help, within 80 columns', (verb) => {
    const specs = OPTIONS.filter(({ verbs }) => verbs.includes(verb));
    const text = helpText(verb, true);
    for (const spec of specs) expect(text).toContain(`--${spec.name}`);
    expect(optionsIn(text)).toBe(specs.length);
    for (const isAll of [true, false])
      expect(
        helpText(verb, isAll)
          .split('\n')
          .filter((line) => line.length > 80),
      ).toEqual([]);
  });
});

describe('the short help', () => {
  it.each(VERBS)('of %s has at most 25 options, and says how to see the others', (verb) => {
    const all = OPTIONS.filter(({ verbs }) => verbs.includes(verb));
    const text = helpText(verb, false);
    expect(optionsIn(text)).toBeGreaterThanOrEqual(Math.min(all.length, 10));
    expect(optionsIn(text)).toBeLessThanOrEqual(25);
    expect(text).toContain('--help');
    expect(/--help --all$/m.test(text)).toBe(optionsIn(text) < all.length);
  });

  it('of the default verb lists all verbs', () => {
    for (const verb of VERBS) expect(help('--help')).toMatch(new RegExp(`^  ${verb} `, 'm'));
  });
});

describe('help', () => {
  it.each([
    [['help'], helpText('build', false)],
    [['-h'], helpText('build', false)],
    [['help', 'filter'], helpText('filter', false)],
    [['filter', '--help'], helpText('filter', false)],
    [['help', '--all'], helpText('build', true)],
    [['help', 'build', '--all'], helpText('build', true)],
    [['build', '--help', '--all'], helpText('build', true)],
    [['inspect', '--help', '--all'], helpText('inspect', true)],
    [['help', 'help'], helpText('help', false)],
    [['help', '--help'], helpText('help', false)],
    [['help', 'version'], helpText('version', false)],
  ])('is that of the verb: %j', (argv, text) => {
    expect(help(...argv)).toBe(text);
  });
});
