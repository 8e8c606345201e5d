/** Subjects of pages, and parts of a page. */
import type { Locator, Page } from 'playwright-core';
import type { PageSubject } from '../../../src/page/page.js';
import {
  builderImage,
  difference,
  runtimeImage,
} from '../../support/inspect/example-inspections.js';

export const PLAIN: PageSubject = { inspection: builderImage() };
export const COMPARED: PageSubject = {
  inspection: PLAIN.inspection,
  other: {
    inspection: runtimeImage(),
    difference: difference(PLAIN.inspection, runtimeImage()),
  },
};

/** The directory that is shown. */
export function where(page: Page): Locator {
  return page.locator('.crumb[aria-current=location]');
}

/** The entry that is described. */
export function described(page: Page): Locator {
  return page.locator('.details h2');
}

/** An entry in the map. */
export function cell(page: Page, name: string): Locator {
  return page.locator(`.cell[aria-label^="${name},"]`);
}
