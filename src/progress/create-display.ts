import type { Display, Output } from './display.js';
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
    const { report } = plainDisplay(out);
    const isShown = (event: ProgressEvent): boolean =>
      event.kind === 'notice' && event.warning === true;
    return { report: (event) => isShown(event) && report(event), close: () => undefined };
  }
  if (mode === 'rawjson') return jsonDisplay(out);
  const terminal = out.isTTY === true && env['TERM'] !== 'dumb';
  if (mode === 'plain' || !terminal) return plainDisplay(out);
  // https://no-color.org: any value but the empty one.
  return liveDisplay(out, { colors: (env['NO_COLOR'] ?? '') === '' });
}
