/** Writes docs/command-line.md from the option table. */
import { writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { commandLineMarkdown } from '../dist/cli/manual.js';

const text = await format(commandLineMarkdown(), { parser: 'markdown', printWidth: 100 });
writeFileSync(new URL('command-line.md', import.meta.url), text);
