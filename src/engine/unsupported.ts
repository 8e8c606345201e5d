/** Refuses the options that only BuildKit has, or only some of its versions. */
import { DockerceptionError } from '../errors.js';
import type { CompleteBuild } from '../options/build.js';
import { BUILDKIT } from '../options/buildkit.js';
import type { Complete } from '../options/schema.js';

export type BuildkitOptions = Complete<typeof BUILDKIT>;
export type BuildkitOption = keyof BuildkitOptions;

/**
 * The minor version of the Engine API 1 whose BuildKit has an option: that of Docker 23 with BuildKit 0.10, and of Docker 24 with
 * BuildKit 0.11. Earlier ones ignore the option.
 */
export const SINCE: Partial<Readonly<Record<BuildkitOption, number>>> = {
  ulimits: 42,
  shmSize: 42,
  annotations: 43,
  attests: 43,
};

/** The options that are given. */
export function givenBuildkitOptions(options: BuildkitOptions): BuildkitOption[] {
  const keys = Object.keys(BUILDKIT) as BuildkitOption[];
  return keys.filter((key) => isGiven(options[key]));
}

function isGiven(value: unknown): boolean {
  const isObject = typeof value === 'object' && value !== null;
  return isObject ? Object.keys(value).length > 0 : value !== undefined && value !== false;
}

/** An option as in messages. */
function named(key: string): string {
  return key === 'cacheOnly' ? 'outputs: type=cacheonly' : key;
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
  const shown = key === 'attests' ? `attests: ${Object.keys(options.attests).join()}` : named(key);
  const message = `building with \`${shown}\`: ${builder} does not have it`;
  throw new DockerceptionError('usage', 'BUILDKIT_ONLY', message, { hint });
}

/**
 * Refuses options that need an image if `call` or `cacheOnly` builds none.
 *
 * @throws DockerceptionError of kind usage, CALL_IMAGE.
 */
export function checkCall(options: CompleteBuild): void {
  const { call, cacheOnly, limits, outputs, push, load, cacheTo } = options;
  if (call === undefined && !cacheOnly) return;
  const images = { outputs, push, load, ...limits };
  const given = Object.entries(call === undefined ? images : { ...images, cacheTo, cacheOnly });
  const [key] = given.find(([, value]) => isGiven(value)) ?? [];
  if (key === undefined) return;
  const which = call === undefined ? named('cacheOnly') : `call: ${call}`;
  const message = `building with \`${named(key)}\`: \`${which}\` builds no image`;
  throw new DockerceptionError('usage', 'CALL_IMAGE', message, { hint: 'leave out one of them' });
}
