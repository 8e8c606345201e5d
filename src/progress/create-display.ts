/** The choice of a display. */
import { plainText } from '../text/terminal.js';
import { type Display, messageLine, type Output, Writer } from './display.js';
import type { ProgressEvent } from './events.js';
import { jsonDisplay } from './json.js';
import { liveDisplay } from './live.js';
import { plainDisplay } from './plain.js';

/** As `--progress` names them, and `quiet`. */
export type DisplayMode = 'auto' | 'plain' | 'tty' | 'rawjson' | 'quiet';

/**
 * Returns the display for a mode. Without a terminal that can move its cursor, `auto` and `tty` are
 * `plain`. `NO_COLOR` and `TERM` are read from `env`.
 */
export function createDisplay(mode: DisplayMode, out: Output, env: NodeJS.ProcessEnv): Display {
  if (mode === 'quiet') {
    const writer = new Writer(out);
    const report = (event: ProgressEvent): void => {
      if (event.kind === 'notice' && event.warning === true)
        writer.write(`dockerception: ${plainText(messageLine(event))}\n`);
    };
    return { report, close: () => undefined };
  }
  if (mode === 'rawjson') return jsonDisplay(out);
  const terminal = out.isTTY === true && env['TERM'] !== 'dumb';
  if (mode === 'plain' || !terminal) return plainDisplay(out);
  // https://no-color.org: any value but the empty one.
  return liveDisplay(out, { colors: (env['NO_COLOR'] ?? '') === '' });
}
