/**
 * The colours of the map, all of one lightness and one strength: no kind of file stands out, and text on any
 * of them has the same contrast, above 4.5:1 in both themes.
 */
import type { Change } from '../../data.js';
import { CLASSES, classOf, type FileClass, largestBelow } from '../model/file-class.js';
import type { Session } from '../model/session.js';

const CLASS_HUES: Readonly<Record<FileClass, number | undefined>> = {
  program: 28,
  library: 265,
  script: 95,
  text: 155,
  media: 340,
  archive: 60,
  data: 210,
  other: undefined,
};

const CHANGE_HUES: Readonly<Record<Change, number>> = {
  gone: 22,
  stayed: 158,
  new: 255,
  changed: 85,
  moved: 315,
};

/** Degrees between the hues of layers, so that the first ones differ most. */
const GOLDEN_ANGLE = 137.508;

export interface Palette {
  readonly text: string;
  readonly softText: string;
  /** For a directory, by its depth below the one that is shown. */
  frame(depth: number): string;
  ofClass(name: FileClass): string;
  ofLayer(index: number): string;
  ofChange(change: Change | undefined): string;
}

function createPalette(isDark: boolean): Palette {
  const colour = (hue: number | undefined, strength = 1): string =>
    hue === undefined
      ? `oklch(${isDark ? 0.45 : 0.85} 0.008 260)`
      : `oklch(${isDark ? 0.47 : 0.83} ${(isDark ? 0.085 : 0.08) * strength} ${hue})`;
  return {
    text: isDark ? '#f6f8fa' : '#14171c',
    softText: isDark ? 'rgb(246 248 250 / 84%)' : 'rgb(20 23 28 / 76%)',
    frame: (depth) =>
      isDark
        ? `oklch(${0.235 + Math.min(depth, 4) * 0.028} 0.012 260)`
        : `oklch(${0.935 - Math.min(depth, 4) * 0.02} 0.008 260)`,
    ofClass: (name) => colour(CLASS_HUES[name]),
    ofLayer: (index) => colour((250 + index * GOLDEN_ANGLE) % 360),
    ofChange: (change) =>
      change === 'gone'
        ? `oklch(${isDark ? '0.38 0.03' : '0.84 0.035'} ${CHANGE_HUES.gone})`
        : colour(change && CHANGE_HUES[change], 1.15),
  };
}

const [LIGHT, DARK] = [createPalette(false), createPalette(true)];

export function paletteFor(isDark: boolean): Palette {
  return isDark ? DARK : LIGHT;
}

/** The colour of an entry. */
export function colourOf(session: Session, at: number): string {
  const { tree, view } = session;
  const palette = paletteFor(view.isDark);
  const leaf = largestBelow(tree, at);
  if (view.colour === 'layer') return palette.ofLayer(tree.layers[leaf] as number);
  if (view.colour === 'change') return palette.ofChange(session.changeOf(leaf));
  return palette.ofClass(classOf(tree, leaf));
}

export function legendOf({ view, side }: Session): [label: string, colour: string][] {
  const palette = paletteFor(view.isDark);
  if (view.colour === 'layer') {
    return side.data.layers.map((_, index) => [`Layer ${index}`, palette.ofLayer(index)]);
  }
  if (view.colour === 'kind') return CLASSES.map((name) => [name, palette.ofClass(name)]);
  const only: Change = view.side === 0 ? 'gone' : 'new';
  const shown: Change[] = [only, 'stayed', 'changed', 'moved'];
  return shown.map((change) => [change, palette.ofChange(change)]);
}
