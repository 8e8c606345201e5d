/**
 * The map's colours. All of one lightness and one strength, so that no kind of file calls louder
 * than another, and text on any of them has the same contrast, above 4.5:1 in both themes.
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

/** Neighbours in this angle are as far apart as can be, however many there are. */
const GOLDEN_ANGLE = 137.508;

export interface Palette {
  readonly text: string;
  readonly softText: string;
  /** A directory's, by how deep it is below what is shown. */
  frame(depth: number): string;
  ofClass(name: FileClass): string;
  ofLayer(index: number): string;
  ofChange(change: Change | undefined): string;
}

export function paletteFor(isDark: boolean): Palette {
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
    // What is gone steps back, so that what is left shines.
    ofChange: (change) =>
      change === 'gone'
        ? `oklch(${isDark ? '0.38 0.03' : '0.84 0.035'} ${CHANGE_HUES.gone})`
        : colour(change && CHANGE_HUES[change], 1.15),
  };
}

/** What an entry is painted with. */
export function colourOf({ tree, view, changes }: Session, at: number, palette: Palette): string {
  const leaf = largestBelow(tree, at);
  if (view.colour === 'layer') return palette.ofLayer(tree.layers[leaf] as number);
  if (view.colour === 'change' && changes !== undefined) {
    return palette.ofChange(changes.of[view.side as 0 | 1][leaf]);
  }
  return palette.ofClass(classOf(tree, leaf));
}

/** What the colours mean, in the order in which they are told. */
export function legendOf(session: Session, palette: Palette): [label: string, colour: string][] {
  const { view, side, changes } = session;
  if (view.colour === 'layer') {
    return side.data.layers.map((_, index) => [`Layer ${index}`, palette.ofLayer(index)]);
  }
  if (view.colour === 'change' && changes !== undefined) {
    const here: Change[] = view.side === 0 ? ['gone'] : ['new'];
    return [...here, 'stayed' as const, 'changed' as const, 'moved' as const].map((change) => [
      change,
      palette.ofChange(change),
    ]);
  }
  return CLASSES.map((name) => [name, palette.ofClass(name)]);
}
