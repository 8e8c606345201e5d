/** Dockerfiles in few words. */
import { rich } from '../bases.js';

/** Instructions upon nothing. */
export const onScratch = (...lines: readonly string[]): string => from('scratch', lines);

/** Instructions upon {@link rich}. */
export const onRich = (...lines: readonly string[]): string => from(rich.reference, lines);

function from(base: string, lines: readonly string[]): string {
  return [`FROM ${base}`, ...lines, ''].join('\n');
}
