/**
 * The options of `docker build` and `docker buildx build` that this tool does not have. Scripts carry them over from
 * there: some change nothing here and are accepted, each of the others gets an error with its own name and reason.
 */
import type { Verb } from '../options/schema.js';
import { isTrue, usage } from './flags.js';

/** One option of docker's. */
export interface DockerOption {
  /** Without dashes. */
  readonly name: string;
  readonly short?: string;
  /** Whether it takes a value. */
  readonly value: boolean;
  /** Why it is missing here; undefined for a flag that is accepted and has no effect. */
  readonly missing?: string;
  /** Whether `false` is accepted and has no effect. */
  readonly off?: boolean;
  /** Whether only buildx has it. */
  readonly buildx?: boolean;
}

const LIMITS = 'RUN has the limits that the engine gives it';
const CACHE = 'the engine uses the cache that it has, and no other';
const RUN_NEEDS = 'no secrets, agents or further rights are handed to RUN';
const ATTESTATIONS = 'no attestations and annotations are written';
const CHECKS = 'the Dockerfile is built, and not only checked';

export const DOCKER_OPTIONS: readonly DockerOption[] = [
  { name: 'rm', value: false },
  { name: 'force-rm', value: false },
  { name: 'compress', value: false },
  { name: 'provenance', value: true, missing: ATTESTATIONS, off: true, buildx: true },
  { name: 'sbom', value: true, missing: ATTESTATIONS, off: true, buildx: true },
  { name: 'attest', value: true, missing: ATTESTATIONS, buildx: true },
  { name: 'annotation', value: true, missing: ATTESTATIONS, buildx: true },
  { name: 'allow', value: true, missing: RUN_NEEDS, buildx: true },
  { name: 'secret', value: true, missing: RUN_NEEDS, buildx: true },
  { name: 'ssh', value: true, missing: RUN_NEEDS, buildx: true },
  { name: 'security-opt', value: true, missing: RUN_NEEDS },
  { name: 'builder', value: true, missing: 'the engine chooses its own builder', buildx: true },
  { name: 'cache-from', value: true, missing: CACHE },
  { name: 'cache-to', value: true, missing: CACHE, buildx: true },
  { name: 'no-cache-filter', value: true, missing: CACHE, buildx: true },
  { name: 'call', value: true, missing: CHECKS, buildx: true },
  { name: 'check', value: false, missing: CHECKS, buildx: true },
  { name: 'debug', short: 'D', value: false, missing: 'there is no debug log', buildx: true },
  { name: 'cgroup-parent', value: true, missing: LIMITS },
  { name: 'cpu-period', value: true, missing: LIMITS },
  { name: 'cpu-quota', value: true, missing: LIMITS },
  { name: 'cpu-shares', value: true, missing: LIMITS },
  { name: 'cpuset-cpus', value: true, missing: LIMITS },
  { name: 'cpuset-mems', value: true, missing: LIMITS },
  { name: 'memory', short: 'm', value: true, missing: LIMITS },
  { name: 'memory-swap', value: true, missing: LIMITS },
  { name: 'shm-size', value: true, missing: LIMITS },
  { name: 'ulimit', value: true, missing: LIMITS },
  { name: 'isolation', value: true, missing: 'it is for Windows containers' },
  {
    name: 'disable-content-trust',
    value: false,
    missing: 'signatures of images are not verified in any case',
  },
  { name: 'squash', value: false, missing: 'layers are kept as the Dockerfile makes them' },
];

/** How an option was written. */
export interface Written {
  readonly name: string;
  /** What is attached to it. */
  readonly value: string | undefined;
}

/**
 * Accepts an option of docker's that has no effect here.
 *
 * @param next takes the following argument, for a value that is not attached.
 * @returns whether the option is one of docker's.
 * @throws DockerceptionError of kind usage for one that would have an effect.
 */
export function acceptDockerOption(
  { name, value }: Written,
  verb: Verb,
  next: () => string | undefined,
): boolean {
  const option = DOCKER_OPTIONS.find((one) => one.name === name || one.short === name);
  if (option === undefined || verb === 'inspect') return false;
  if (verb === 'build' && hasNoEffect(option, value, next)) return true;
  throw refused(option, verb);
}

function hasNoEffect(
  { name, value: takesValue, missing, off }: DockerOption,
  attached: string | undefined,
  next: () => string | undefined,
): boolean {
  const value = attached ?? (takesValue ? next() : 'true');
  if (missing === undefined && isTrue(value) === undefined) throw usage(`--${name} takes no value`);
  return missing === undefined || (off === true && isTrue(value) === false);
}

function refused({ name, short, value, missing = '', buildx }: DockerOption, verb: Verb): Error {
  const program = buildx === true ? 'docker buildx build' : 'docker build';
  const shown = short === undefined ? `--${name}` : `-${short}, --${name}`;
  const command = `${program} --${name}${value ? ' …' : ''} -`;
  if (verb === 'filter')
    return usage(`${shown} is an option of ${program}`, `dockerception filter … | ${command}`);
  return usage(
    `${shown} is an option of ${program}, and not of this tool: ${missing || 'it has no effect'}`,
    `leave it out, or use \`dockerception filter … | ${command}\``,
  );
}
