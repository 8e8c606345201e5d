/** Refuses the options that only BuildKit has, or only some of its versions. */
import { DockerceptionError } from '../errors.js';
import { BUILDKIT } from '../options/buildkit.js';
import type { Complete } from '../options/schema.js';

export type BuildkitOptions = Complete<typeof BUILDKIT>;
export type BuildkitOption = keyof BuildkitOptions;

/** The options that are given. */
export function givenBuildkitOptions(options: BuildkitOptions): BuildkitOption[] {
  const keys = Object.keys(BUILDKIT) as BuildkitOption[];
  return keys.filter((key) => {
    const value = options[key];
    return typeof value === 'object' ? Object.keys(value).length > 0 : value !== undefined;
  });
}

/**
 * Refuses the options of BuildKit that a builder does not have.
 *
 * @param builder for the message: `the classic builder`
 * @param has whether it has the option.
 * @throws DockerceptionError of kind usage, BUILDKIT_ONLY.
 */
export function refuseBuildkitOptions(
  options: BuildkitOptions,
  builder: string,
  hint: string,
  has: (option: BuildkitOption) => boolean = () => false,
): void {
  const key = givenBuildkitOptions(options).find((given) => !has(given));
  if (key === undefined) return;
  const message = `building with \`${key}\`: ${builder} does not have it`;
  throw new DockerceptionError('usage', 'BUILDKIT_ONLY', message, { hint });
}
