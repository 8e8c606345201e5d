/** The site of `npm run site`: built as that does, its links followed, its search tried in a browser. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../commands.js';
import { launch, look } from './browser.js';

describe('the site', () => {
  let site: string;
  let browser: Browser;
  beforeAll(async () => {
    site = await mkdtemp(path.join(tmpdir(), 'dockerception-site-'));
    // Without a build: other tests use dist.
    await promisify(execFile)('npx', ['typedoc', '--out', site], { cwd: ROOT });
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(site, { recursive: true, force: true });
  });

  const open = async (file: string): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await page.goto(pathToFileURL(path.join(site, file)).href);
    return page;
  };

  it('has only links and pictures of files and anchors that exist', async () => {
    const files = new Set(await readdir(site, { recursive: true }));
    const pages = new Map<string, string>();
    for (const file of files)
      if (file.endsWith('.html')) pages.set(file, await readFile(path.join(site, file), 'utf8'));
    const wrong: string[] = [];
    let count = 0;
    for (const [file, html] of pages)
      for (const [, address = ''] of html.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
        if (/^(?:https?|data|mailto):/.test(address)) continue;
        count++;
        const [, target = '', anchor] = /^([^?#]*)(?:\?[^#]*)?(?:#(.*))?$/.exec(address) ?? [];
        const found = target === '' ? file : path.join(path.dirname(file), decodeURI(target));
        const hasAnchor =
          !anchor || !pages.has(found) || pages.get(found)?.includes(`id="${anchor}"`);
        if (!hasAnchor || !files.has(found)) wrong.push(`${file}: ${address}`);
      }
    expect(count).toBeGreaterThan(1000);
    expect(wrong).toEqual([]);
  });

  it('has every document, under its title', async () => {
    const documents = (await readdir(path.join(ROOT, 'docs'))).filter((name) =>
      name.endsWith('.md'),
    );
    const made = await readdir(path.join(site, 'documents'));
    const names = documents.map((name) => `docs_${name.replace('.md', '.html')}`);
    expect(made).toEqual(expect.arrayContaining([...names, 'docs_patterns_split-image.html']));
    const page = await open('documents/docs_inspect-page.html');
    expect(await page.title()).toContain('The HTML page of inspect');
    await page.close();
  });

  it.each([
    ['kaniko', 'Coming from'],
    ['PaxHeaders', 'Troubleshooting'],
    ['context_crlf', 'Errors'],
    ['DockerceptionError', 'DockerceptionError'],
  ])('finds %s in %s', async (words, title) => {
    const page = await open('index.html');
    await page.locator('#tsd-search-trigger').click();
    await page.locator('#tsd-search-input').pressSequentially(words);
    const result = page.locator('#tsd-search-results a', { hasText: title }).first();
    await result.click();
    await page.waitForURL(/\/(?:documents|classes)\//);
    expect(await page.locator('h1').first().textContent()).toContain(title);
    await page.close();
  });

  it('shows pictures of real runs: a terminal, and the HTML page', async () => {
    const terminal = await readFile(path.join(site, 'media/terminal.svg'), 'utf8');
    expect(terminal).toMatch(/context: [\d.]+ kB, \d+ entries/);
    expect(terminal).toMatch(/>sha256:[0-9a-f]{64}</);
    const page = await open('documents/docs_inspect-page.html');
    const size = await page.evaluate(`document.querySelector('img[src$="page.png"]').naturalWidth`);
    expect(size).toBe(1400);
    await page.goto(pathToFileURL(path.join(site, 'media/page.png')).href);
    // The map's colours, of files that stayed, and of those that are gone.
    expect((await look(browser, page)).colours).toBeGreaterThan(5);
    await page.close();
  });
});
