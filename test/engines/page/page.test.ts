import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Palette } from '../../../src/page/client/elements/palette.js';
import { CLASSES } from '../../../src/page/client/elements/palette.js';
import { CHANGES } from '../../../src/page/data.js';
import { HOSTILE, manyFiles } from '../../support/inspect/example-inspections.js';
import { makeInspection } from '../../support/inspect/inspection.js';
import { launch, look, show } from './browser.js';
import { contrast, faintTexts } from './contrast.js';
import { cell, COMPARED, described, PLAIN, where } from './subjects.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
});

/** The name of what the keyboard is on. */
async function focused(page: Page): Promise<string> {
  return page.evaluate(`document.activeElement.getAttribute('aria-label') ?? ''`);
}

describe('the page in a browser', () => {
  it('shows its subject', async () => {
    await using shown = await show(browser, PLAIN);
    const { page, wrong } = shown;
    expect(await page.title()).toBe('app-builder:latest, inspected');
    expect(await page.locator('h1').textContent()).toBe('app-builder:latest');
    const figures = await page.locator('.figures li').allTextContents();
    expect(figures).toEqual([
      '7d3f0a91c2e4',
      'linux/amd64',
      'user root',
      expect.stringMatching(/^\d+ MB$/),
      expect.stringMatching(/^2,4\d\d files$/),
      expect.stringMatching(/^29.8 MB wasted/),
    ]);
    expect(await page.locator('.facts').textContent()).toContain('/src/server');
    expect(wrong).toEqual([]);
  });

  it('opens a clicked directory, describes a clicked file, and returns by the breadcrumb', async () => {
    await using shown = await show(browser, PLAIN);
    const { page, wrong } = shown;
    await cell(page, 'src').click();
    expect(await where(page).textContent()).toBe('src');
    await cell(page, 'server').click();
    expect(await where(page).textContent()).toBe('src');
    expect(await described(page).textContent()).toBe('/src/server');
    expect(await page.locator('.details').textContent()).toMatch(
      /11\.4 MB.*file.*-rwxr-xr-x 0755.*0:0.*3/,
    );
    await page.locator('.crumb').first().click();
    expect(await where(page).textContent()).toBe('/');
    expect(wrong).toEqual([]);
  });

  it('describes the entry below the pointer, deep in the map', async () => {
    await using shown = await show(browser, PLAIN);
    const { page, wrong } = shown;
    const box = await cell(page, 'usr').boundingBox();
    await page.mouse.move((box?.x ?? 0) + 60, (box?.y ?? 0) + 120);
    const tip = page.locator('.tooltip');
    await tip.waitFor();
    expect(await tip.textContent()).toMatch(/^\/usr\/.+ (kB|MB).*% of all.*0:0 · layer \d/);
    await page.mouse.move(700, 20);
    expect(await tip.isVisible()).toBe(false);
    expect(wrong).toEqual([]);
  });

  it('can be used with the keyboard alone', async () => {
    await using shown = await show(browser, PLAIN);
    const { page, wrong } = shown;
    await page.locator('.cell[tabindex="0"]').focus();
    expect(await focused(page)).toMatch(/^usr, directory, \d+ MB, \d+ %, [\d,]+ files$/);
    await page.keyboard.press('ArrowRight');
    expect(await focused(page)).toMatch(/^root,/);
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toMatch(/^src,/);
    expect(await described(page).textContent()).toBe('/src');
    await page.keyboard.press('Enter');
    expect(await where(page).textContent()).toBe('src');
    const first = await focused(page);
    expect(first).toMatch(/^node_modules,/);
    expect(await described(page).textContent()).toBe('/src/node_modules');
    await page.keyboard.press('End');
    expect(await focused(page)).not.toBe(first);
    await page.keyboard.press('Home');
    expect(await focused(page)).toBe(first);
    await page.keyboard.press('Backspace');
    expect(await where(page).textContent()).toBe('/');
    expect(await focused(page)).toMatch(/^src,/);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    expect(await where(page).textContent()).toBe('/');
    expect(wrong).toEqual([]);
  });

  it('shows a directory as a list, which can be used with the keyboard', async () => {
    await using shown = await show(browser, PLAIN);
    const { page, wrong } = shown;
    await page.getByRole('button', { name: 'list', exact: true }).click();
    const list = page.locator('#folder-list');
    expect(await list.locator('.row').first().textContent()).toMatch(/^usr.*%.*MB$/);
    await list.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    expect(await where(page).textContent()).toBe('usr');
    await page.keyboard.press('Backspace');
    expect(await where(page).textContent()).toBe('/');
    await list.locator('.row', { hasText: 'lib' }).click();
    expect(await described(page).textContent()).toBe('/lib');
    expect(await page.locator('.details').textContent()).toContain('usr/lib');
    expect(wrong).toEqual([]);
  });

  it('finds names as they are typed, and leads to them', async () => {
    await using shown = await show(browser, PLAIN);
    const { page, wrong } = shown;
    await page.keyboard.press('/');
    await page.keyboard.type('tool-1');
    // The rows of fewer letters may be there before.
    await page.locator('.filters', { hasText: /^tool-1.*files/ }).waitFor();
    await page.locator('#found .row').first().waitFor();
    expect(await page.locator('.popup .count').textContent()).toMatch(/^\d+ matches, /);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const active = await page.locator('#search').getAttribute('aria-activedescendant');
    expect(active).toBe('found-1');
    const path = await page.locator('#found-1').getAttribute('title');
    await page.keyboard.press('Enter');
    expect(await described(page).textContent()).toBe(path);
    expect(await page.locator('.popup').isVisible()).toBe(false);
    await page.locator('#search').fill('*.woff2');
    await page.locator('#found .row', { hasText: '.woff2' }).first().waitFor();
    for (const name of await page.locator('#found .row .name').allTextContents()) {
      expect(name).toMatch(/\.woff2$/);
    }
    await page.locator('#search').fill('no such thing');
    await page.locator('.list[data-empty="No matches."]').waitFor();
    await page.keyboard.press('Escape');
    expect(await page.locator('#search').inputValue()).toBe('no such thing');
    await page.keyboard.press('Escape');
    expect(await page.locator('#search').inputValue()).toBe('');
    expect(await page.locator('.filters').isVisible()).toBe(false);
    expect(wrong).toEqual([]);
  });

  it('leads from a finding to its entry', async () => {
    await using shown = await show(browser, PLAIN);
    const { page, wrong } = shown;
    const finding = page.locator('.finding', { hasText: 'It holds an AWS access key' });
    expect(await finding.textContent()).toContain('error: ');
    expect(await finding.textContent()).toContain('Name it in .dockerignore');
    await finding.getByRole('button', { name: '/src/.env' }).click();
    expect(await where(page).textContent()).toBe('src');
    expect(await described(page).textContent()).toBe('/src/.env');
    expect(wrong).toEqual([]);
  });

  it('lists the largest files and the waste, and leads to them', async () => {
    await using shown = await show(browser, PLAIN);
    const { page, wrong } = shown;
    await page.getByRole('tab', { name: 'Largest' }).click();
    const path = await page.locator('#largest .row').first().getAttribute('title');
    await page.locator('#largest .row').first().click();
    expect(await described(page).textContent()).toBe(path);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('ArrowRight');
    const waste = page.locator('.waste');
    expect(await waste.isVisible()).toBe(true);
    expect(await waste.textContent()).toContain('in layer 1, deleted by layer 2');
    await waste.getByRole('button', { name: '/src/server' }).click();
    expect(await described(page).textContent()).toBe('/src/server');
    expect(wrong).toEqual([]);
  });

  it('highlights the entries of a layer', async () => {
    await using shown = await show(browser, PLAIN);
    const { page, wrong } = shown;
    const layer = page.locator('.layer').nth(3);
    const picture = (): Promise<string> =>
      page.evaluate(`document.querySelector('.map canvas').toDataURL()`);
    const before = await picture();
    await layer.click();
    expect(await layer.getAttribute('aria-pressed')).toBe('true');
    expect(await page.locator('.filters').textContent()).toMatch(/^layer 3.*27\d files, /);
    expect(await picture()).not.toBe(before);
    await page.getByRole('button', { name: 'Show all layers' }).click();
    expect(await layer.getAttribute('aria-pressed')).toBe('false');
    expect(await picture()).toBe(before);
    await page.getByRole('button', { name: 'layer', exact: true }).click();
    expect(await page.locator('.legend li').allTextContents()).toHaveLength(4);
    expect(await picture()).not.toBe(before);
    expect(wrong).toEqual([]);
  });

  it('compares two images: sizes, their ratio, and the change of each file', async () => {
    await using shown = await show(browser, COMPARED);
    const { page, wrong } = shown;
    expect(await page.locator('.ratio').textContent()).toMatch(/^1\/4\d of it$/);
    const tabs = page.locator('.small [role=tab]');
    expect(await tabs.allTextContents()).toEqual([
      expect.stringMatching(/^gone2,4\d\d\d+ MB$/),
      expect.stringMatching(/^stayed8/),
      expect.stringMatching(/^new\d/),
      expect.stringMatching(/^changed1/),
      expect.stringMatching(/^moved1/),
    ]);
    await tabs.nth(4).click();
    const moved = page.locator('#changes-moved .row');
    expect(await moved.textContent()).toContain('from /src/server');
    await moved.click();
    expect(await page.locator('h1').textContent()).toBe('app:latest');
    expect(await described(page).textContent()).toBe('/app/server');
    await tabs.nth(0).click();
    const gone = page.locator('#changes-gone .row').first();
    const path = await gone.getAttribute('title');
    await gone.click();
    expect(await page.locator('h1').textContent()).toBe('app-builder:latest');
    expect(await described(page).textContent()).toBe(path);
    expect(wrong).toEqual([]);
  });

  it('keeps the directory when the side changes, if that has it', async () => {
    await using shown = await show(browser, COMPARED);
    const { page, wrong } = shown;
    await cell(page, 'usr').click();
    await page.locator('.compared').nth(1).click();
    expect(await where(page).textContent()).toBe('usr');
    expect(await page.locator('.layer').count()).toBe(2);
    expect(await page.locator('.legend li').allTextContents()).toEqual([
      'new',
      'stayed',
      'changed',
      'moved',
    ]);
    await page.locator('.crumb').first().click();
    await cell(page, 'app').click();
    await page.locator('.compared').nth(0).click();
    expect(await where(page).textContent()).toBe('/');
    expect(wrong).toEqual([]);
  });

  it('follows the light or dark theme of the system until its button is pressed', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      await using shown = await show(browser, PLAIN, { colorScheme: scheme });
      const { page, wrong } = shown;
      const first = await look(browser, page);
      expect(first.colours).toBeGreaterThan(20);
      await page.getByRole('button', { name: /^Use (light|dark) colours$/ }).click();
      const second = await look(browser, page);
      expect(second.colours).toBeGreaterThan(20);
      const [light, dark] = scheme === 'light' ? [first, second] : [second, first];
      expect(light.lightness).toBeGreaterThan(190);
      expect(dark.lightness).toBeLessThan(80);
      expect(wrong).toEqual([]);
    }
  });

  it('has text with a contrast of at least 4.5 to 1 in both themes', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      await using shown = await show(browser, COMPARED, { colorScheme: scheme });
      const { page, wrong } = shown;
      await page.locator('.layer').nth(1).click();
      for (const tab of ['Findings', 'Largest', 'Waste', 'Changes']) {
        await page.getByRole('tab', { name: tab, exact: tab !== 'Findings' }).click();
        expect(await faintTexts(page)).toEqual([]);
      }
      await page.locator('#search').fill('<');
      await page.locator('#found .row').first().waitFor();
      expect(await faintTexts(page)).toEqual([]);
      const palette = new Palette(scheme === 'dark');
      const colours = [
        ...CLASSES.map((name) => palette.ofClass(name)),
        ...CHANGES.map((change) => palette.ofChange(change)),
        ...Array.from({ length: 127 }, (_, index) => palette.ofLayer(index)),
        ...Array.from({ length: 6 }, (_, depth) => palette.frame(depth)),
      ];
      for (const colour of colours) {
        for (const text of [palette.text, palette.softText]) {
          expect(await contrast(page, text, colour), `${text} on ${colour}`).toBeGreaterThan(4.5);
        }
      }
      expect(wrong).toEqual([]);
    }
  });

  it('escapes hostile names and runs nothing in them', async () => {
    const entries = HOSTILE.map((name) => ({ path: name.replaceAll('/', '∕'), size: 1_000_000 }));
    const [script = ''] = HOSTILE;
    await using shown = await show(browser, {
      inspection: makeInspection(entries, {
        target: script,
        findings: [
          { id: 'odd', severity: 'error', message: script, advice: script, path: `/${script}` },
        ],
        waste: {
          bytes: 1,
          hidden: [{ path: `/${script}\x1b`, size: 1, layer: 0, by: 0, how: 'deleted' }],
          duplicates: [],
        },
      }),
    });
    const { page, wrong } = shown;
    expect(await page.locator('h1').textContent()).toBe(script);
    await page.getByRole('button', { name: 'list', exact: true }).click();
    const names = await page.locator('#folder-list .name').allTextContents();
    expect(names).toContain('red\\x1b[31m\\x07bell');
    expect(names).toContain('txt\\u202egpj.exe');
    expect(names).toContain('new\\x0aline\\u2028');
    expect(names).toContain('<img src=x onerror=window.broken=1>');
    await page.locator('#folder-list .row', { hasText: 'gpj' }).click();
    expect(await described(page).locator('.escaped').textContent()).toBe('\\u202e');
    await page.locator('#search').fill('img');
    await page.locator('#found .row', { hasText: '<img' }).click();
    await page.getByRole('tab', { name: 'Waste' }).click();
    expect(await page.locator('.waste').textContent()).toContain('\\x1b');
    expect(await page.evaluate('window.broken')).toBeUndefined();
    expect(await page.evaluate(`document.querySelectorAll('img, b.x, script').length`)).toBe(1);
    const raw = await page.evaluate(`document.body.innerText + document.body.innerHTML`);
    expect(raw).not.toMatch(/[\x1b\x07\u202e]/);
    expect(wrong).toEqual([]);
  });

  it('runs only its own script and handlers, even if others are inserted', async () => {
    const others =
      '<script>window.broken=1</script><img src=x: onerror="window.broken=2"><noscript>';
    await using shown = await show(browser, PLAIN, {}, (part) =>
      part.replace('<noscript>', others),
    );
    const { page, wrong } = shown;
    await cell(page, 'src').waitFor();
    expect(await page.evaluate('window.broken')).toBeUndefined();
    expect(wrong.join('\n')).toMatch(/violates.*script-src/);
  });

  it('has no animation if the user prefers reduced motion', async () => {
    for (const reducedMotion of ['reduce', 'no-preference'] as const) {
      await using shown = await show(browser, PLAIN, { reducedMotion });
      const { page, wrong } = shown;
      const moving = await page.evaluate(`(() => {
        document.querySelector('.cell').click();
        return document.querySelector('.map canvas').getAnimations().length;
      })()`);
      expect(moving).toBe(reducedMotion === 'reduce' ? 0 : 1);
      expect(wrong).toEqual([]);
    }
  });

  it('has nothing wider than its window, for any names', async () => {
    for (const width of [320, 400, 760, 1000, 1141, 1400, 2400]) {
      for (const subject of [PLAIN, COMPARED]) {
        await using shown = await show(browser, subject, { viewport: { width, height: 800 } });
        const { page, wrong } = shown;
        await page.locator('#search').fill('long');
        await page.locator('#found .row').first().click();
        expect(await described(page).textContent()).toContain('longlonglong');
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        const overflowing = await page.evaluate(`[...document.querySelectorAll('body *')]
          .filter((element) => !element.closest('.hear, .breadcrumb, [role=tablist]'))
          .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
          .map((element) => element.tagName + '.' + element.className)`);
        expect(overflowing).toEqual([]);
        expect(wrong).toEqual([]);
      }
    }
  });

  it('supports 100,000 files in the map, the search and the lists', async () => {
    await using shown = await show(browser, { inspection: manyFiles(100_000) });
    const { page, wrong } = shown;
    expect(await page.locator('.figures .count').textContent()).toBe('100,000 files');
    expect((await look(browser, page)).colours).toBeGreaterThan(20);
    await cell(page, 'app').click();
    await page.getByRole('button', { name: 'list', exact: true }).click();
    await page.locator('#folder-list .row').first().click();
    expect(await page.locator('#folder-list .row').count()).toBeLessThan(100);
    await page.locator('#search').fill('module');
    await page.locator('#found .row').first().waitFor();
    expect(await page.locator('.popup .count').textContent()).toMatch(/^100,001 matches/);
    await page.locator('#search').fill('dist/**/module-2a*.json');
    await page.locator('#found .row', { hasText: 'module-2a' }).first().click();
    expect(await described(page).textContent()).toMatch(/module-2a.*\.json$/);
    expect(wrong).toEqual([]);
  });

  it('says that a context is empty or a directory has no bytes', async () => {
    await using shown = await show(browser, {
      inspection: makeInspection([{ path: 'empty/nothing' }]),
    });
    const { page, wrong } = shown;
    expect(await page.locator('.map .note').textContent()).toBe(
      '1 entry, 0 B: the list shows them.',
    );
    await using bare = await show(browser, { inspection: makeInspection([]) });
    expect(await bare.page.locator('.map .note').textContent()).toBe('This directory is empty.');
    expect(await bare.page.locator('.findings').textContent()).toBe('No findings.');
    expect([...wrong, ...bare.wrong]).toEqual([]);
  });
});
