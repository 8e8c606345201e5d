/**
 * What an image says that it runs on: what `--platform` asked for, else what its base runs on. An
 * image that isn't an index's has no other for another platform: a registry gives it for any
 * (BuildKit, dockerfile2llb), which somebody has to be told.
 */
import type { ImageConfig } from '../../../image/config.js';
import type { Platform } from '../../../image/descriptor.js';
import { formatPlatform, normalisePlatform } from '../../../image/platform.js';
import { printable } from '../../../tar/printable.js';

/** As a configuration tells it. */
export type ConfigPlatform = Pick<ImageConfig, 'os' | 'architecture' | 'variant' | 'os.version'>;

/** @param asked whether somebody asked for `wanted`; else it is this machine's. */
export function imagePlatform(
  base: ImageConfig | undefined,
  wanted: Platform,
  asked: boolean,
): ConfigPlatform {
  const { os, architecture, variant } = asked || base === undefined ? wanted : base;
  const version = (base ?? wanted)['os.version'];
  return {
    os,
    architecture,
    ...(variant !== undefined && { variant }),
    ...(version !== undefined && { 'os.version': version }),
  };
}

/** Why a base may not do, if it is for something else than what was asked for. */
export function otherPlatform(
  name: string,
  base: ImageConfig,
  wanted: Platform,
): string | undefined {
  const { os, architecture } = normalisePlatform(base);
  if (os === wanted.os && architecture === wanted.architecture) return undefined;
  return `the base ${printable(name)} is for ${formatPlatform(base)}, not for ${formatPlatform(wanted)}`;
}
