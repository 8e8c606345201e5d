/** The variables of FROM: platforms, and the ARGs before the first FROM. */
import type { Platform } from '../../image/descriptor.js';
import { formatPlatform, parseSpecifier } from '../../image/platform.js';
import { quote } from '../../text/go.js';
import type { Dockerfile, Stage } from '../instructions/instruction.js';
import { placed, Reason } from '../reason.js';
import { expandWord, type Variables } from '../syntax/shell.js';

export interface BuildSettings {
  readonly buildArgs: Readonly<Record<string, string>>;
  /** The name or number of a stage. */
  readonly target: string | undefined;
  /** Normalised. */
  readonly buildPlatform: Platform;
  /** Normalised. */
  readonly targetPlatform: Platform;
}

/** Build arguments that need no ARG. */
const PREDEFINED =
  /^((https?|ftp|no|all)_proxy|(build|target)(platform|os|osversion|arch|variant)|targetstage|source_date_epoch|buildkit_.*)$/i;

/**
 * The variables of FROM; a stage gets those that it declares again.
 * @throws DockerceptionError `DOCKERFILE_SYNTAX`
 */
export function globalScope(dockerfile: Dockerfile, settings: BuildSettings): Variables {
  const { buildArgs } = settings;
  const { name, escape } = dockerfile;
  const variables = new Map<string, string>();
  const set = (key: string, fallback: () => string | undefined): void => {
    const value = buildArg(buildArgs, key) ?? fallback();
    if (value !== undefined) variables.set(key, value);
  };
  for (const [key, value] of automatic(dockerfile, settings)) set(key, () => value);
  for (const { args, line } of dockerfile.metaArgs)
    for (const { key, value } of args)
      set(key, () => value && placed(name, line, () => expandWord(value, variables, { escape })));
  return variables;
}

function automatic(
  { stages }: Dockerfile,
  { target, buildPlatform, targetPlatform }: BuildSettings,
): [string, string][] {
  const platform = (prefix: string, value: Platform): [string, string][] => [
    [`${prefix}PLATFORM`, formatPlatform(value)],
    [`${prefix}OS`, value.os],
    [`${prefix}OSVERSION`, ''],
    [`${prefix}ARCH`, value.architecture],
    [`${prefix}VARIANT`, value.variant ?? ''],
  ];
  return [
    ...platform('BUILD', buildPlatform),
    ...platform('TARGET', targetPlatform),
    ['TARGETSTAGE', target ?? stages.at(-1)?.name ?? 'default'],
  ];
}

export function buildArg(
  buildArgs: Readonly<Record<string, string>>,
  name: string,
): string | undefined {
  return Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
}

/**
 * Expands a FROM line. The base is a stage's name, `scratch`, a build context or an image.
 * @throws DockerceptionError `DOCKERFILE_SYNTAX`
 */
export function expandFrom(
  stage: Stage,
  { escape, name }: Dockerfile,
  globals: Variables,
  local: Platform,
): { readonly base: string; readonly platform: Platform | undefined } {
  return placed(name, stage.line, () => {
    const base = expandWord(stage.base, globals, { escape });
    if (base === '') throw new Reason(`base name (${stage.base}) should not be blank`);
    if (stage.platform === undefined) return { base, platform: undefined };
    const platform = expandWord(stage.platform, globals, { escape });
    if (platform === '') throw new Reason(`empty platform value from expression ${stage.platform}`);
    const refused = `failed to parse platform ${stage.platform}: `;
    const parsed = parseSpecifier(platform, local, (why, part) => {
      const place = part === undefined ? '' : `${quote(part)} is an invalid component of `;
      return new Reason(`${refused}${place}${quote(platform)}: ${why}: invalid argument`);
    });
    return { base, platform: parsed };
  });
}

/** Names of `--build-arg` without an ARG, for a notice. */
export function unusedBuildArgs(
  dockerfile: Dockerfile,
  buildArgs: Readonly<Record<string, string>>,
): string[] {
  const inStages = dockerfile.stages.flatMap(({ instructions }) => instructions);
  const declared = [...dockerfile.metaArgs, ...inStages].flatMap((each) =>
    each.kind === 'arg' ? each.args.map(({ key }) => key) : [],
  );
  return Object.keys(buildArgs).filter(
    (name) => !declared.includes(name) && !PREDEFINED.test(name),
  );
}
