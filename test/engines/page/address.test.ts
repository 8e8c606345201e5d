/** The address of the page: a link to what is shown, and the way back. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeInspection } from '../../support/inspect/inspection.js';
import { launch, show } from './browser.js';
import { cell, COMPARED, described, PLAIN, where } from './subjects.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
});

const fragment = (page: Page): Promise<string> => page.evaluate('location.hash');
const selected = (page: Page): Promise<string[]> =>
  page.locator('[role=tab][aria-selected=true]').allInnerTexts();

/** Waits until the address is this one. */
async function expectAddress(page: Page, address: string): Promise<void> {
  await expect.poll(() => fragment(page)).toBe(address);
}

/** What a new tab shows that opens the same link. */
async function follow(page: Page, address: string): Promise<Page> {
  const other = await page.context().newPage();
  await other.goto(new URL(address, page.url()).href);
  await other.locator('.map[aria-label]').waitFor();
  return other;
}

describe('the address', () => {
  it('names the directory, the file and the list; Back and Forward return to them', async () => {
    await using shown = await show(browser, PLAIN);
    const { page, wrong } = shown;
    expect(await fragment(page)).toBe('');
    await cell(page, 'src').click();
    await expectAddress(page, '#/findings/src');
    await page.getByRole('tab', { name: 'Waste' }).click();
    await expectAddress(page, '#/waste/src');
    await page.locator('.crumb').first().click();
    await cell(page, 'usr').click();
    await expectAddress(page, '#/waste/usr');
    await page.goBack();
    await page.goBack();
    expect(await where(page).textContent()).toBe('src');
    expect(await selected(page)).toEqual(['Waste']);
    await page.goBack();
    expect(await selected(page)).toEqual([expect.stringMatching(/^Findings/)]);
    await page.goBack();
    expect(await fragment(page)).toBe('');
    expect(await where(page).textContent()).toBe('/');
    await page.goForward();
    expect(await where(page).textContent()).toBe('src');
    await cell(page, 'server').click();
    await expectAddress(page, '#/findings/src/server');
    await page.goBack();
    expect(await where(page).textContent()).toBe('/');
    expect(wrong).toEqual([]);
  });

  it('is a link, whatever the names are', async () => {
    const names = ['a b', '50%', '#?&', 'ä/日本', "'quotes'", '<b>'].join('/');
    const inspection = makeInspection([{ path: `${names}/file`, size: 9 }]);
    await using shown = await show(browser, { inspection });
    const { page, wrong } = shown;
    await page.locator('#search').fill('file');
    await page.locator('#found .row').click();
    const link = '#/findings/a%20b/50%25/%23%3F%26/%C3%A4/%E6%97%A5%E6%9C%AC/';
    await expect.poll(() => fragment(page)).toContain(link);
    const other = await follow(page, await fragment(page));
    expect(await described(other).textContent()).toBe(`/${names}/file`);
    await page.reload();
    expect(await described(page).textContent()).toBe(`/${names}/file`);
    expect(wrong).toEqual([]);
  });

  it('names the side and the kind of change of a comparison', async () => {
    await using shown = await show(browser, COMPARED);
    const { page, wrong } = shown;
    await page.getByRole('tab', { name: 'moved' }).click();
    await page.locator('#changes-moved .row').click();
    await expectAddress(page, '#/moved/after/app/server');
    const other = await follow(page, '#/moved/after/app/server');
    expect(await other.locator('h1').textContent()).toBe('app:latest');
    expect(await described(other).textContent()).toBe('/app/server');
    expect(await selected(other)).toEqual(['Changes', expect.stringMatching(/^moved/)]);
    await page.goBack();
    await page.goBack();
    expect(await page.locator('h1').textContent()).toBe('app-builder:latest');
    expect(wrong).toEqual([]);
  });

  it.each([
    ['#/waste/src/no/such/path', 'src', 'Waste'],
    ['#/no-such-list/usr/%E0%A4%A', 'usr', 'Findings'],
    ['#search', '/', 'Findings'],
    ['#/findings/lib/x', '/', 'Findings'],
  ])('shows the nearest directory for %s', async (address, folder, tab) => {
    await using shown = await show(browser, PLAIN);
    const { page, wrong } = shown;
    await page.evaluate(`location.hash = ${JSON.stringify(address)}`);
    await expect.poll(() => where(page).textContent()).toBe(folder);
    expect((await selected(page))[0]).toContain(tab);
    expect(await fragment(page)).toBe(address);
    expect(wrong).toEqual([]);
  });

  it('stays quiet while keys move through a map', async () => {
    await using shown = await show(browser, PLAIN);
    const { page, wrong } = shown;
    await page.locator('.cell[tabindex="0"]').focus();
    const entries = await page.evaluate('history.length');
    for (let times = 0; times < 150; times++) {
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowLeft');
    }
    expect(await page.evaluate('history.length')).toBe(entries);
    expect(wrong).toEqual([]);
  });
});

describe('in a window of 420 pixels', () => {
  it.each([
    ['an image', PLAIN],
    ['a comparison', COMPARED],
  ])(
    'every tab of %s is reached, by pointer and by keys, without scrolling sideways',
    async (_, subject) => {
      await using shown = await show(browser, subject, { viewport: { width: 420, height: 800 } });
      const { page, wrong } = shown;
      const lists = page.locator('.panels > .tabs > [role=tablist] [role=tab]');
      const count = await lists.count();
      expect(count).toBe(subject === PLAIN ? 3 : 4);
      for (const tab of await lists.all()) {
        await tab.click();
        const { x = -1, width = 999 } = (await tab.boundingBox()) ?? {};
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x + width).toBeLessThanOrEqual(420);
        const panel = page.locator(`#${await tab.getAttribute('aria-controls')}`);
        expect(await panel.isVisible()).toBe(true);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(420);
      }
      await lists.first().focus();
      for (let at = 1; at <= count; at++) {
        await page.keyboard.press('ArrowRight');
        expect(await lists.nth(at % count).getAttribute('aria-selected')).toBe('true');
      }
      await page.keyboard.press('ArrowLeft');
      expect(await lists.last().getAttribute('aria-selected')).toBe('true');
      expect(wrong).toEqual([]);
    },
  );
});

it('says whose findings are shown in a comparison', async () => {
  await using shown = await show(browser, COMPARED);
  const { page, wrong } = shown;
  await page.getByRole('tab', { name: 'Findings' }).click();
  const heading = page.locator('.findings > h3');
  expect(await heading.textContent()).toBe('Findings of app-builder:latest');
  await page.locator('.compared').nth(1).click();
  expect(await heading.textContent()).toBe('Findings of app:latest');
  expect(await page.locator('.findings').textContent()).toContain('No findings.');
  await using alone = await show(browser, PLAIN);
  expect(await alone.page.locator('.findings > h3').count()).toBe(0);
  expect([...wrong, ...alone.wrong]).toEqual([]);
});
