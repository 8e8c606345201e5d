/** Refuses the options that only BuildKit has. */
import { DockerceptionError } from '../errors.js';
import { BUILDKIT } from '../options/buildkit.js';
import type { Complete } from '../options/schema.js';

type BuildkitOptions = Complete<typeof BUILDKIT>;

/** The options that are given. */
export function givenBuildkitOptions(options: BuildkitOptions): (keyof BuildkitOptions)[] {
  const keys = Object.keys(BUILDKIT) as (keyof BuildkitOptions)[];
  return keys.filter((key) => {
    const value = options[key];
    return typeof value === 'object' ? Object.keys(value).length > 0 : value !== undefined;
  });
}

/**
 * Refuses the options of BuildKit that a builder does not have.
 *
 * @param builder for the message: `the classic builder`
 * @param supported those that it has
 * @throws DockerceptionError of kind usage, BUILDKIT_ONLY.
 */
export function refuseBuildkitOptions(
  options: BuildkitOptions,
  builder: string,
  hint: string,
  supported: readonly (keyof BuildkitOptions)[] = [],
): void {
  const key = givenBuildkitOptions(options).find((given) => !supported.includes(given));
  if (key === undefined) return;
  const message = `building with \`${key}\`: ${builder} does not have it`;
  throw new DockerceptionError('usage', 'BUILDKIT_ONLY', message, { hint });
}
