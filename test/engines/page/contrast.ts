/** How well text stands out from what is behind it (WCAG 2.2, "Contrast (Minimum)"). */
import type { Page } from 'playwright-core';

/** Colours in any form are what a canvas makes of them, painted on top of one another. */
const TOOLS = `
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const luminanceOf = (colours) => {
    context.fillStyle = 'white';
    context.fillRect(0, 0, 1, 1);
    for (const colour of colours) {
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
    }
    const [red, green, blue] = [...context.getImageData(0, 0, 1, 1).data].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrastOf = (text, behind) => {
    const [one, other] = [luminanceOf([...behind, text]), luminanceOf(behind)];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  };
`;

export async function contrast(page: Page, text: string, behind: string): Promise<number> {
  const colours = `${JSON.stringify(text)}, [${JSON.stringify(behind)}]`;
  return page.evaluate(`(() => { ${TOOLS} return contrastOf(${colours}); })()`);
}

/** Texts in sight that are too faint, each with its contrast. */
export async function faintTexts(page: Page): Promise<string[]> {
  // Colours that are still on their way to others are none.
  await page.evaluate(
    `Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})))`,
  );
  return page.evaluate(`(() => {
    ${TOOLS}
    const faint = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { parentElement: element, data } = texts.currentNode;
      if (data.trim() === '' || !element.checkVisibility() || element.closest('.hear')) continue;
      const behind = [];
      for (let here = element; here; here = here.parentElement) {
        behind.unshift(getComputedStyle(here).backgroundColor);
      }
      const ratio = contrastOf(getComputedStyle(element).color, behind);
      if (ratio < 4.5) faint.push(data.slice(0, 40) + ': ' + ratio.toFixed(2));
    }
    return faint;
  })()`);
}
