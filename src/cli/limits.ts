/** From the command line's limits to the library's. */
import { checkLimits } from '../inspect/limits.js';
import { parseCount, parseSize, parseSizeOrShare } from '../inspect/parse-size.js';
import { LIMITS, type Limits } from '../options/limits.js';
import type { Arguments } from './parse.js';

/** Undefined if none is given. Throws of kind usage. */
export function limitsOf(args: Arguments): Limits | undefined {
  if (args.firstOf(LIMITS) === undefined) return undefined;
  const size = args.value('max-size');
  const layers = args.value('max-layers');
  const waste = args.value('max-waste');
  const limits = args.options(LIMITS, {
    maxSize: size === undefined ? undefined : parseSize(size, '--max-size'),
    maxLayers: layers === undefined ? undefined : parseCount(layers, '--max-layers'),
    maxWaste: waste === undefined ? undefined : parseSizeOrShare(waste, '--max-waste'),
  });
  checkLimits(limits);
  return limits;
}
