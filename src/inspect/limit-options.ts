/** Limits, and their checks. */
import type { OptionTable } from '../options/check.js';
import { amount, anyOf, flag, is, listOf, shape, text } from '../options/values.js';
import type { Share } from './parse-size.js';

/** As the options of the same names. What isn't given isn't limited. */
export interface Limits {
  /** Bytes of all files in all layers. */
  readonly maxSize?: number;
  readonly maxLayers?: number;
  /** Bytes, or a part of the image's size. */
  readonly maxWaste?: number | Share;
  /** In .dockerignore's syntax: what may not be there. */
  readonly deny?: readonly string[];
  /** Whether files may have no setuid or setgid bit. */
  readonly denySetuid?: boolean;
  /** Whether owners above 65535, which rootless engines can't map, are denied. In every layer. */
  readonly denyIds?: boolean;
  /** Whether anything that keeps it from starting counts. */
  readonly mustRun?: boolean;
}

/** The checks of {@link Limits}. */
export const LIMIT_OPTIONS: OptionTable<Limits> = {
  maxSize: amount,
  maxLayers: amount,
  maxWaste: anyOf('a number of bytes or { percent }', [
    amount,
    shape<Share>({ percent: is('a number from 0 to 100', isPercentage) }, ['percent']),
  ]),
  deny: listOf(text),
  denySetuid: flag,
  denyIds: flag,
  mustRun: flag,
};

function isPercentage(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 100;
}
