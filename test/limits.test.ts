/** No folder and no file outgrows its limit. The exceptions in limits.json may only get smaller. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import exceptions from './limits.json' with { type: 'json' };

const TOP = fileURLToPath(new URL('..', import.meta.url));
const MAX_FILES = 15;
const MAX_LINES = 300;

const sources = ['src', 'test', 'bench'].flatMap((folder) =>
  readdirSync(join(TOP, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|js)$/.test(name))
    .map((name) => join(folder, name)),
);

const files = new Map<string, number>();
for (const folder of sources.map(dirname)) files.set(folder, (files.get(folder) ?? 0) + 1);

const lines = new Map(
  sources.map((name) => [name, readFileSync(join(TOP, name), 'utf8').split('\n').length - 1]),
);

/** What is above the limit, and above its exception. */
function above(counts: ReadonlyMap<string, number>, limit: number, allowed: object): object {
  const most = new Map<string, number>(Object.entries(allowed));
  return Object.fromEntries(
    [...counts].filter(([name, count]) => count > Math.max(limit, most.get(name) ?? 0)),
  );
}

describe('the sources', () => {
  it(`have at most ${MAX_FILES} files in a folder, with few exceptions`, () => {
    expect(above(files, MAX_FILES, exceptions.files)).toEqual({});
  });

  it(`have at most ${MAX_LINES} lines in a file, with few exceptions`, () => {
    expect(above(lines, MAX_LINES, exceptions.lines)).toEqual({});
  });
});
