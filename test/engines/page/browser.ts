/** A real Chromium, and pages in it of which everything that must not happen is noted. */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { type PageSubject, renderPage } from '../../../src/page/page.js';

/** Debian's; `test/engines/start` installs it. */
const CHROMIUM = '/usr/bin/chromium';

export async function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

/** A page that is shown, and what it did that it should not have done. */
export interface Shown extends AsyncDisposable {
  readonly page: Page;
  readonly wrong: readonly string[];
}

/**
 * Renders a page into a file of its own and opens it.
 * @param alter what somebody does to the page's text
 */
export async function show(
  browser: Browser,
  subject: PageSubject,
  options: BrowserContextOptions = {},
  alter: (part: string) => string = (part) => part,
): Promise<Shown> {
  const folder = await mkdtemp(path.join(tmpdir(), 'dockerception-page-'));
  const file = path.join(folder, 'page.html');
  const handle = await open(file, 'w');
  for await (const part of renderPage(subject)) await handle.write(alter(part));
  await handle.close();
  const address = pathToFileURL(file).href;
  const context = await browser.newContext({
    viewport: { width: 1400, height: 900 },
    ...options,
  });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('console', (message) => wrong.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('popup', () => wrong.push('popup'));
  page.on('request', (request) => {
    if (request.url() !== address && request.url() !== 'data:,')
      wrong.push(`request: ${request.url()}`);
  });
  await page.goto(address);
  // The map is painted when it has been given its room.
  await page.locator('.map[aria-label]').waitFor();
  return {
    page,
    wrong,
    async [Symbol.asyncDispose]() {
      await context.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** How many colours a screenshot has, and how light it is on the whole: from 0 to 255. */
export async function look(
  browser: Browser,
  shown: Page,
): Promise<{ readonly colours: number; readonly lightness: number }> {
  const png = await shown.screenshot();
  const page = await browser.newPage();
  try {
    // As text: this side of the tests knows no DOM.
    return await page.evaluate(`(async () => {
      const image = new Image();
      image.src = 'data:image/png;base64,${png.toString('base64')}';
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, image.width, image.height);
      const counts = new Map();
      let sum = 0;
      for (let at = 0; at < data.length; at += 4) {
        const colour = data[at] * 65536 + data[at + 1] * 256 + data[at + 2];
        counts.set(colour, (counts.get(colour) ?? 0) + 1);
        sum += (data[at] + data[at + 1] + data[at + 2]) / 3;
      }
      // Not the edges of letters: colours that fill at least a square of 16.
      const colours = [...counts.values()].filter((count) => count >= 256).length;
      return { colours, lightness: sum / (data.length / 4) };
    })()`);
  } finally {
    await page.close();
  }
}
