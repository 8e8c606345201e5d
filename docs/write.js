/** Writes docs/command-line.md from the option table, the tables of docs/inspect-json.md from its schema. */
import { readFileSync, writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { commandLineMarkdown } from '../dist/cli/manual.js';
import { schemaTables } from './inspect-json.js';

const commandLine = new URL('command-line.md', import.meta.url);
writeFileSync(commandLine, await markdown(commandLineMarkdown()));

const json = new URL('inspect-json.md', import.meta.url);
const schema = readFileSync(new URL('inspect.schema.json', import.meta.url), 'utf8');
const [start] = readFileSync(json, 'utf8').split('## The document');
writeFileSync(json, await markdown(`${start}${schemaTables(JSON.parse(schema))}`));

/** @param {string} text */
function markdown(text) {
  return format(text, { parser: 'markdown', printWidth: 100 });
}
