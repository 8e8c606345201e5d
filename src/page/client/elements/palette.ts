/**
 * The colours of the map. All have the same lightness and chroma: no class of files stands out. Text on each has a contrast
 * above 4.5:1 in both themes.
 */
import type { Change } from '../../data.js';
import type { FileTree } from '../model/file-tree.js';
import type { Session } from '../model/session.js';

/** The hue of each class of files, and suffixes of their names. */
const CLASS_TABLE = {
  program: { hue: 28, suffixes: '' },
  library: { hue: 265, suffixes: 'so a o dll dylib ko node jar wasm' },
  script: {
    hue: 95,
    suffixes:
      'sh bash py pyc pyi js mjs cjs ts mts cts tsx jsx rb pl pm php lua tcl go rs c h cc cpp hpp java class',
  },
  text: {
    hue: 155,
    suffixes:
      'txt md rst html htm css json yaml yml toml ini conf cfg xml map license csv tsv 1 3 5 7 8 po list md5sums pod lock log',
  },
  media: {
    hue: 340,
    suffixes: 'png jpg jpeg gif svg ico webp avif woff woff2 ttf otf eot mp3 mp4 webm ogg wav pdf',
  },
  archive: { hue: 60, suffixes: 'gz tgz xz zst bz2 zip tar whl deb rpm apk crate gem lz4 br 7z' },
  data: {
    hue: 210,
    suffixes:
      'db sqlite sqlite3 dat bin mo cache idx pack gmo pem crt cer key der tzif tab parquet npy pt onnx safetensors',
  },
  other: { hue: undefined, suffixes: '' },
} as const;

export type FileClass = keyof typeof CLASS_TABLE;
export const CLASSES = Object.keys(CLASS_TABLE) as readonly FileClass[];

const BY_SUFFIX = new Map(
  CLASSES.flatMap((name) =>
    CLASS_TABLE[name].suffixes
      .split(' ')
      .filter(Boolean)
      .map((suffix) => [suffix, name] as const),
  ),
);

const CHANGE_HUES = { gone: 22, stayed: 158, new: 255, changed: 85, moved: 315 } as const;

/** Degrees between the hues of layers, so that the first ones differ most. */
const GOLDEN_ANGLE = 137.508;

export class Palette {
  readonly text: string;
  readonly softText: string;

  constructor(private readonly isDark: boolean) {
    this.text = isDark ? '#f6f8fa' : '#14171c';
    this.softText = isDark ? 'rgb(246 248 250 / 84%)' : 'rgb(20 23 28 / 76%)';
  }

  /** The colour of a directory, by its depth below the one that is shown. */
  frame(depth: number): string {
    return this.isDark
      ? `oklch(${0.235 + Math.min(depth, 4) * 0.028} 0.012 260)`
      : `oklch(${0.935 - Math.min(depth, 4) * 0.02} 0.008 260)`;
  }

  ofClass(name: FileClass): string {
    return this.colour(CLASS_TABLE[name].hue);
  }

  ofLayer(index: number): string {
    return this.colour((250 + index * GOLDEN_ANGLE) % 360);
  }

  ofChange(change: Change | undefined): string {
    if (change !== 'gone') return this.colour(change && CHANGE_HUES[change], 1.15);
    return `oklch(${this.isDark ? '0.38 0.03' : '0.84 0.035'} ${CHANGE_HUES.gone})`;
  }

  private colour(hue: number | undefined, strength = 1): string {
    if (hue === undefined) return `oklch(${this.isDark ? 0.45 : 0.85} 0.008 260)`;
    return `oklch(${this.isDark ? 0.47 : 0.83} ${(this.isDark ? 0.085 : 0.08) * strength} ${hue})`;
  }
}

/** The colour of an entry. */
export function colourOf(session: Session, at: number): string {
  const { tree, view } = session;
  const palette = new Palette(view.isDark);
  const leaf = largestBelow(tree, at);
  if (view.colour === 'layer') return palette.ofLayer(tree.layers[leaf] as number);
  if (view.colour === 'change') return palette.ofChange(session.changeOf(leaf));
  return palette.ofClass(classOf(tree, leaf));
}

export function legendOf({ view, side }: Session): [label: string, colour: string][] {
  const palette = new Palette(view.isDark);
  if (view.colour === 'layer') {
    return side.data.layers.map((_, index) => [`Layer ${index}`, palette.ofLayer(index)]);
  }
  if (view.colour === 'kind') return CLASSES.map((name) => [name, palette.ofClass(name)]);
  const only: Change = view.side === 0 ? 'gone' : 'new';
  const shown: Change[] = [only, 'stayed', 'changed', 'moved'];
  return shown.map((change) => [change, palette.ofChange(change)]);
}

const BY_CONTENT: Readonly<Record<string, FileClass>> = { p: 'program', l: 'library', s: 'script' };

/** The class of a file: by its content if that is known, otherwise by its name and mode. */
function classOf(tree: FileTree, at: number): FileClass {
  const known = BY_CONTENT[tree.contentOf(at)];
  if (known !== undefined) return known;
  const name = (tree.names[at] as string).toLowerCase();
  if (/\.so(?:\.[\d.]+)?$/.test(name)) return 'library';
  const suffix = BY_SUFFIX.get(name.slice(name.lastIndexOf('.') + 1));
  if (suffix !== undefined && name.includes('.')) return suffix;
  return (tree.factsOf(at).mode & 0o111) !== 0 ? 'program' : 'other';
}

/** The largest file below a directory, in its largest subdirectory. */
function largestBelow(tree: FileTree, at: number): number {
  let here = at;
  while (tree.isFolder(here)) {
    const largest = tree.childrenOf(here)[0];
    if (largest === undefined) return here;
    here = largest;
  }
  return here;
}
