import { readdirSync, readFileSync } from 'node:fs';
import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { findingsMarkdown } from '../../../docs/findings.js';
import { CATALOGUE } from '../../../src/inspect/findings/catalogue.js';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('the catalogue of findings', () => {
  it('is what the documentation says (npm run docs writes it)', async () => {
    const made = await format(findingsMarkdown(), { parser: 'markdown', printWidth: 100 });
    expect(read('../../../docs/findings.md')).toBe(made);
  });

  it('has nothing that is never found, or that no test finds', () => {
    const folder = '../../../src/inspect/findings/';
    const code = readdirSync(new URL(folder, import.meta.url), {
      recursive: true,
      encoding: 'utf8',
    })
      .filter((name) => name.endsWith('.ts') && name !== 'catalogue.ts')
      .map((name) => read(folder + name))
      .concat(read('../../../src/inspect/probe/content.ts'))
      .join('\n');
    const tests = ['start/start', 'unwanted/unwanted', 'missing']
      .map((name) => read(`./${name}.test.ts`))
      .join('\n');
    for (const id of Object.keys(CATALOGUE)) {
      expect(code).toContain(`'${id}'`);
      expect(tests).toContain(`${id}`);
    }
  });
});
