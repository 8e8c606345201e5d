/** The platform of an image, and the platforms that the embedded engine accepts. */
import { DockerceptionError, type ErrorKind } from '../../../errors.js';
import type { ImageConfig } from '../../../image/config.js';
import type { Platform } from '../../../image/descriptor.js';
import {
  formatPlatform,
  hostPlatform,
  normalisePlatform,
  parsePlatform,
} from '../../../image/platform.js';
import { printable } from '../../../text/printable.js';

/** The platform members of an image configuration. */
export type ConfigPlatform = Pick<ImageConfig, 'os' | 'architecture' | 'variant' | 'os.version'>;

/** The requested platforms, or that of this machine. Throws PLATFORM_INVALID, PLATFORM_WINDOWS. */
export function platformsOf(requested: readonly string[]): readonly Platform[] {
  if (requested.length === 0) return [hostPlatform()];
  const platforms = requested.map((text) => {
    const platform = parsePlatform(text);
    refuseWindows(platform.os, `reading the platform "${printable(text)}"`, 'usage');
    // Different spellings of a platform are one platform.
    return [formatPlatform(platform), platform] as const;
  });
  return [...new Map(platforms).values()];
}

/**
 * The platform of the new image: the requested one, else that of its base.
 *
 * @param isRequested whether `wanted` was requested; otherwise it is the platform of this machine
 */
export function imagePlatform(
  base: ImageConfig | undefined,
  wanted: Platform,
  isRequested: boolean,
): ConfigPlatform {
  const { os, architecture, variant } = isRequested || base === undefined ? wanted : base;
  const version = (base ?? wanted)['os.version'];
  return {
    os,
    architecture,
    ...(variant !== undefined && { variant }),
    ...(version !== undefined && { 'os.version': version }),
  };
}

/**
 * A warning if a base has another platform than the requested one: a registry returns an image that is not in an
 * index for every platform (BuildKit, dockerfile2llb).
 */
export function otherPlatform(
  name: string,
  base: ImageConfig,
  wanted: Platform,
): string | undefined {
  const { os, architecture } = normalisePlatform(base);
  if (os === wanted.os && architecture === wanted.architecture) return undefined;
  return `the base ${printable(name)} is for ${formatPlatform(base)}, not for ${formatPlatform(wanted)}`;
}

/**
 * Refuses Windows: its layers have a form of their own (`Files/`, `Hives/`), and its commands, paths and variables
 * follow other rules.
 *
 * @throws DockerceptionError `PLATFORM_WINDOWS`
 */
export function refuseWindows(os: string, subject: string, kind: ErrorKind = 'build'): void {
  if (os.toLowerCase() !== 'windows') return;
  const message = `${subject}: the embedded engine builds no images for Windows`;
  throw new DockerceptionError(kind, 'PLATFORM_WINDOWS', message, {
    hint: 'BuildKit can build it: `engine: docker`',
  });
}
