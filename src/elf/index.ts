/** The shared libraries that artifacts of a builder need: `--libs`. */
export type { BuilderFiles, FileStat } from './builder-files.js';
export { findLibraries, type LibraryResult } from './find-libraries.js';
export type { Binary } from './search.js';
