/**
 * The options of `docker build` and `docker buildx build` that this tool does not have. Scripts carry them over from
 * there: some change nothing here and are accepted, each of the others gets an error with its own name and reason.
 */
import { BUILDKIT } from '../../options/buildkit.js';
import { type Flag, flagsOf, type Verb } from '../../options/schema.js';
import { parseBoolean } from '../../options/values.js';
import { usage } from './flags.js';

/** One option of docker's. */
export interface DockerOption extends Pick<Flag, 'name' | 'short'> {
  /** Whether it takes a value. */
  readonly value: boolean;
  /** Why it is missing here; undefined for a flag that is accepted and has no effect. */
  readonly missing: string | undefined;
  readonly program: 'docker build' | 'docker buildx build';
}

const LIMITS = 'RUN has the limits that the engine gives it';
const BUILD = 'docker build';
const BUILDX = 'docker buildx build';

/** Options with one reason, written as `-m, --memory=`; with `=` they take a value. */
function options(
  program: DockerOption['program'],
  missing: string | undefined,
  ...usages: readonly string[]
): DockerOption[] {
  return usages.map((usage) => {
    const [, short, name = '', value] = /^(?:-(.), )?--([^=]+)(=)?$/.exec(usage) ?? [];
    return { name, short, value: value !== undefined, missing, program };
  });
}

export const DOCKER_OPTIONS: readonly DockerOption[] = [
  ...options(BUILD, undefined, '--rm', '--force-rm', '--compress'),
  ...options(BUILD, LIMITS, '--security-opt='),
  ...options(BUILDX, 'there is no debug log', '-D, --debug'),
  ...options(BUILD, LIMITS, '--cgroup-parent=', '--cpu-period=', '--cpu-quota=', '--cpu-shares='),
  ...options(BUILD, LIMITS, '--cpuset-cpus=', '--cpuset-mems=', '-m, --memory=', '--memory-swap='),
  ...options(BUILD, 'it is for Windows containers', '--isolation='),
  ...options(BUILD, 'signatures of images are not verified in any case', '--disable-content-trust'),
  ...options(BUILD, 'layers are kept as the Dockerfile makes them', '--squash'),
];

/** Options of the build that reads what `filter` writes. */
const BUILDKIT_OPTIONS: readonly DockerOption[] = flagsOf(BUILDKIT).map((flag) => ({
  ...flag,
  value: flag.value !== undefined,
  missing: '',
  program: BUILDX,
}));

/**
 * Accepts an option of docker's that has no effect here.
 *
 * @param attached the value that is attached to it
 * @param next takes the following argument, for a value that is not attached.
 * @returns whether the option is one of docker's.
 * @throws DockerceptionError of kind usage for one that would have an effect.
 */
export function acceptDockerOption(
  name: string,
  attached: string | undefined,
  verb: Verb,
  next: () => string | undefined,
): boolean {
  if (verb !== 'build' && verb !== 'filter') return false;
  const known = verb === 'filter' ? [...DOCKER_OPTIONS, ...BUILDKIT_OPTIONS] : DOCKER_OPTIONS;
  const option = known.find((one) => one.name === name || one.short === name);
  if (option === undefined) return false;
  if (verb === 'filter') throw refused(option, verb);
  const on = parseBoolean(attached ?? (option.value ? next() : 'true'));
  if (option.missing === undefined && on === undefined)
    throw usage(`--${option.name} takes no value`);
  if (option.missing === undefined) return true;
  throw refused(option, verb);
}

function refused({ name, short, value, missing, program }: DockerOption, verb: Verb): Error {
  const shown = short === undefined ? `--${name}` : `-${short}, --${name}`;
  const command = `${program} --${name}${value ? ' …' : ''} -`;
  if (verb === 'filter')
    return usage(`${shown} is an option of ${program}`, `dockerception filter … | ${command}`);
  return usage(
    `${shown} is an option of ${program}, and not of this tool: ${missing ?? 'it has no effect'}`,
    `leave it out, or use \`dockerception filter … | ${command}\``,
  );
}
