/** The display for `--quiet`: warnings and nothing else. */
import type { Display } from './display.js';
import { noticeLine } from './notice.js';
import { type Output, Writer } from './output.js';
import { plainText } from './text.js';

export function quietDisplay(out: Output): Display {
  const writer = new Writer(out);
  return {
    report(event) {
      if (event.kind === 'notice' && event.warning === true)
        writer.write(`dockerception: ${plainText(noticeLine(event))}\n`);
    },
    close: () => undefined,
  };
}
