/** From the command line's limits to the library's. */
import { checkLimits } from '../inspect/limits.js';
import type { Limits } from '../inspect/limit-options.js';
import { parseCount, parseSize, parseSizeOrShare } from '../inspect/parse-size.js';
import type { Arguments } from './parse.js';

/** Undefined where none was given. Throws of kind usage. */
export function limitsOf(args: Arguments): Limits | undefined {
  const size = args.value('max-size');
  const layers = args.value('max-layers');
  const waste = args.value('max-waste');
  const deny = args.all('deny');
  const limits: Limits = {
    ...(size !== undefined && { maxSize: parseSize(size, '--max-size') }),
    ...(layers !== undefined && { maxLayers: parseCount(layers, '--max-layers') }),
    ...(waste !== undefined && { maxWaste: parseSizeOrShare(waste, '--max-waste') }),
    ...(deny.length > 0 && { deny }),
    ...(args.flag('deny-setuid') && { denySetuid: true }),
    ...(args.flag('deny-ids') && { denyIds: true }),
    ...(args.flag('must-run') && { mustRun: true }),
  };
  if (Object.keys(limits).length === 0) return undefined;
  checkLimits(limits);
  return limits;
}
