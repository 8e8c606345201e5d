/** The Markdown documents: links, anchors, and the size of the patterns' pages. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const documents = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md') && !/(?:^|\/)(?:node_modules|dist)\//.test(name))
  .sort();

/** A document without its blocks of code. */
function proseOf(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8').replace(/^```.*\n[^]*?^```$/gm, '');
}

/** The anchors that GitHub gives the headings of a document. */
function anchorsOf(name: string): string[] {
  const counts = new Map<string, number>();
  return [...proseOf(name).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => {
    const text = heading.replace(/\[(.*?)\]\(.*?\)/g, '$1').toLowerCase();
    const slug = text.replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '').replaceAll(' ', '-');
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

interface Link {
  readonly target: string;
  readonly anchor: string | undefined;
}

/** The links of a document into the repository. */
function linksOf(name: string): Link[] {
  const prose = proseOf(name).replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, address = '']) => address)
    .filter((address) => !/^[a-z]+:/.test(address))
    .map((address) => {
      const [path = '', anchor] = address.split('#');
      return { target: path === '' ? name : join(dirname(name), path), anchor };
    });
}

describe.each(documents)('%s', (name) => {
  it('has links to files and headings that exist', () => {
    const wrong = linksOf(name).filter(
      ({ target, anchor }) =>
        !existsSync(join(ROOT, target)) ||
        (anchor !== undefined && !anchorsOf(target).includes(anchor)),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the documents', () => {
  it('have links, and headings with anchors', () => {
    expect(documents.flatMap(linksOf).length).toBeGreaterThan(70);
    expect(anchorsOf('docs/inspect.md')).toContain('limits-for-ci');
  });

  it('are all reached from the README', () => {
    const reached = new Set(['README.md']);
    for (const name of reached)
      for (const { target } of name.endsWith('.md') ? linksOf(name) : []) reached.add(target);
    const pages = documents.filter((name) => name.startsWith('docs/'));
    expect(pages.filter((name) => !reached.has(name))).toEqual([]);
  });

  it('have pictures that are text alone: the others are made with the site', () => {
    const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' });
    expect(tracked.match(/.*\.(?:png|jpe?g|gif|webp)$/gm)).toBeNull();
  });
});

describe.each(documents.filter((name) => name.startsWith('docs/patterns/')))('%s', (name) => {
  it('fits on one screen of 80 columns and 40 lines', () => {
    const shown = readFileSync(join(ROOT, name), 'utf8').replace(/\[(.*?)\]\(.*?\)/g, '$1');
    const lines = shown.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('has a sample', () => {
    const sample = relative('docs/patterns', name).replace('.md', '');
    expect(linksOf(name).some(({ target }) => target.startsWith(`samples/${sample}/`))).toBe(true);
  });
});
