/** Classes of files for colours, by content if it is known, otherwise by name and mode. */
import type { FileTree } from './file-tree.js';

export const CLASSES = [
  'program',
  'library',
  'script',
  'text',
  'media',
  'archive',
  'data',
  'other',
] as const;

export type FileClass = (typeof CLASSES)[number];

const SUFFIXES: Readonly<Record<string, string>> = {
  library: 'so a o dll dylib ko node jar wasm',
  script:
    'sh bash py pyc pyi js mjs cjs ts mts cts tsx jsx rb pl pm php lua tcl go rs c h cc cpp hpp java class',
  text: 'txt md rst html htm css json yaml yml toml ini conf cfg xml map license csv tsv 1 3 5 7 8 po list md5sums pod lock log',
  media: 'png jpg jpeg gif svg ico webp avif woff woff2 ttf otf eot mp3 mp4 webm ogg wav pdf',
  archive: 'gz tgz xz zst bz2 zip tar whl deb rpm apk crate gem lz4 br 7z',
  data: 'db sqlite sqlite3 dat bin mo cache idx pack gmo pem crt cer key der tzif tab parquet npy pt onnx safetensors',
};

const BY_SUFFIX = new Map(
  Object.entries(SUFFIXES).flatMap(([name, list]) =>
    list.split(' ').map((suffix) => [suffix, name as FileClass] as const),
  ),
);

const BY_CONTENT: Readonly<Record<string, FileClass>> = {
  p: 'program',
  l: 'library',
  s: 'script',
};

export function classOf(tree: FileTree, at: number): FileClass {
  const known = BY_CONTENT[tree.contentOf(at)];
  if (known !== undefined) return known;
  const name = (tree.names[at] as string).toLowerCase();
  if (/\.so(?:\.[\d.]+)?$/.test(name)) return 'library';
  const suffix = BY_SUFFIX.get(name.slice(name.lastIndexOf('.') + 1));
  if (suffix !== undefined && name.includes('.')) return suffix;
  return (tree.factsOf(at).mode & 0o111) !== 0 ? 'program' : 'other';
}

/** The largest file below a directory, in its largest subdirectory. */
export function largestBelow(tree: FileTree, at: number): number {
  let here = at;
  while (tree.isFolder(here)) {
    const largest = tree.childrenOf(here)[0];
    if (largest === undefined) return here;
    here = largest;
  }
  return here;
}
