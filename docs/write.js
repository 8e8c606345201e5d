/**
 * Writes docs/command-line.md from the option table, docs/errors.md from the error codes, docs/findings.md from the
 * catalogue, and the tables of docs/inspect-json.md from its schema.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { commandLineMarkdown } from './command-line.js';
import { errorsMarkdown } from './errors.js';
import { findingsMarkdown } from './findings.js';
import { schemaTables } from './inspect-json.js';

/** @param {string} name @param {string} text */
async function write(name, text) {
  const made = await format(text, { parser: 'markdown', printWidth: 100 });
  writeFileSync(new URL(name, import.meta.url), made);
}

/** @param {string} name */
function read(name) {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

await write('command-line.md', commandLineMarkdown());
await write('errors.md', errorsMarkdown());
await write('findings.md', findingsMarkdown());
const [start] = read('inspect-json.md').split('## The document');
const schema = /** @type {unknown} */ (JSON.parse(read('inspect.schema.json')));
await write('inspect-json.md', `${start}${schemaTables(schema)}`);
