import { readFileSync } from 'node:fs';
import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { commandLineMarkdown } from '../../docs/command-line.js';
import { OPTIONS } from '../../src/cli/arguments/flags.js';
import { helpText } from '../../src/cli/help.js';

describe('the manual', () => {
  it('is what the option table says (npm run docs writes it)', async () => {
    const written = readFileSync(new URL('../../docs/command-line.md', import.meta.url), 'utf8');
    const made = await format(commandLineMarkdown(), { parser: 'markdown', printWidth: 100 });
    expect(written).toBe(made);
  });

  it('has every option in the help of its verb, within 100 columns', () => {
    for (const verb of ['build', 'filter', 'inspect'] as const) {
      const help = helpText(verb);
      for (const spec of OPTIONS.filter(({ verbs }) => verbs.includes(verb))) {
        expect(help).toContain(`--${spec.name}`);
      }
      expect(help.split('\n').filter((line) => line.length > 105)).toEqual([]);
    }
  });
});
