/**
 * Platforms in options (`linux/arm/v7`, `amd64`) and in indexes: OCI image-spec, image-index.md; names, aliases and
 * compatibility as in containerd/platforms.
 */
import { DockerceptionError } from '../errors.js';
import { listed, printable } from '../text/printable.js';
import type { Descriptor, Platform } from './descriptor.js';

const SYSTEMS =
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasi wasip1 windows zos'.split(
    ' ',
  );
const ARCHITECTURES =
  '386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm'.split(
    ' ',
  );
/** The platforms of most images, for completion. */
export const PLATFORMS = [
  ...['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/arm/v6', 'linux/386'],
  ...['linux/ppc64le', 'linux/riscv64', 'linux/s390x', 'windows/amd64'],
];

/** The valid parts of a platform; the expression is in the message of BuildKit. */
const COMPONENT = /^[A-Za-z0-9_.-]+$/;
/** The names in Go of architectures in Node. */
const OF_NODE: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  mipsel: 'mipsle',
  mips64el: 'mips64le',
  ppc64: 'ppc64le',
};

/**
 * Parses `OS/ARCHITECTURE[/VARIANT]`, or one of the first two with the host's other part.
 * @throws DockerceptionError of kind usage, code PLATFORM_INVALID; also for names unknown to Go
 */
export function parsePlatform(text: string): Platform {
  const specifier = text.trim();
  // As in buildx.
  if (specifier === 'local') return hostPlatform();
  const platform = parseSpecifier(specifier, hostPlatform(), () => invalid(text));
  const { os, architecture } = platform;
  if (!SYSTEMS.includes(os)) throw invalid(text, `there is no operating system "${os}"`);
  if (!ARCHITECTURES.includes(architecture))
    throw invalid(text, `there is no architecture "${architecture}"`);
  return platform;
}

/**
 * Parses a platform of a Dockerfile: operating system and architecture may have any names.
 * @param local the platform for a missing part
 * @param refusal returns the error; `component` is the invalid part, if only one is
 */
export function parseSpecifier(
  text: string,
  local: Platform,
  refusal: (why: string, component?: string) => Error,
): Platform {
  const parts = text.split('/');
  if (parts.length > 3) throw refusal('cannot parse platform specifier');
  const bad = parts.find((part) => !COMPONENT.test(part));
  if (bad !== undefined)
    throw refusal(
      `platform specifier component must match ${JSON.stringify(COMPONENT.source)}`,
      bad,
    );
  const [first = '', second, variant] = parts;
  if (second !== undefined)
    return normalisePlatform({
      os: first,
      architecture: second,
      ...(variant !== undefined && { variant }),
    });
  const system = normalisePlatform({ ...local, os: first });
  if (SYSTEMS.includes(system.os)) return system;
  const machine = normalisePlatform({ os: 'linux', architecture: first });
  if (ARCHITECTURES.includes(machine.architecture)) return machine;
  throw refusal('unknown operating system or architecture');
}

/** `linux/arm64`, `linux/arm/v7` */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant ? [variant] : [])].join('/');
}

/** The platform of containers on this host: always Linux. */
export function hostPlatform(): Platform {
  return normalisePlatform({ os: 'linux', architecture: OF_NODE[process.arch] ?? process.arch });
}

/** Replaces aliases: `x86_64` is amd64, `arm` is arm/v7, `arm64/v8` is arm64. */
export function normalisePlatform(platform: Platform): Platform {
  const { variant: given, ...rest } = platform;
  const os = platform.os.toLowerCase();
  const [architecture, variant] = normaliseArchitecture(
    platform.architecture.toLowerCase(),
    (given ?? '').toLowerCase(),
  );
  return {
    ...rest,
    os: os === 'macos' ? 'darwin' : os,
    architecture,
    ...(variant === '' ? {} : { variant }),
  };
}

/** Aliases of architectures; some imply a variant. */
const ALIASES = new Map<string, readonly [name: string, variant?: string]>([
  ['i386', ['386', '']],
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['aarch64', ['arm64']],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
]);
/** Variants that are omitted. */
const IMPLIED = ['amd64 v1', 'arm64 8', 'arm64 v8'];

function normaliseArchitecture(alias: string, given: string): [name: string, variant: string] {
  const [name, variant = given] = ALIASES.get(alias) ?? [alias];
  if (name === 'arm') return [name, variant === '' ? 'v7' : variant.replace(/^(?=[5678]$)/, 'v')];
  return [name, IMPLIED.includes(`${name} ${variant}`) ? '' : variant];
}

/**
 * The best manifest of an index: of the platform itself, else of one that it can run (arm/v6 on arm/v7, 386 on amd64),
 * else without a platform. Never an attestation (`unknown/unknown`).
 */
export function choosePlatform(
  candidates: readonly Descriptor[],
  wanted: Platform,
): Descriptor | undefined {
  const images = candidates.filter((candidate) => !isAttestation(candidate));
  for (const fitting of runnable(normalisePlatform(wanted))) {
    const found = images.find(({ platform }) => platform && isSame(platform, fitting));
    if (found) return found;
  }
  return images.find(({ platform }) => platform === undefined);
}

/**
 * As {@link choosePlatform}; `doing` is a gerund and its subject.
 * @throws DockerceptionError of kind build, code PLATFORM_UNKNOWN
 */
export function requirePlatform(
  candidates: readonly Descriptor[],
  wanted: Platform,
  doing: string,
): Descriptor {
  const chosen = choosePlatform(candidates, wanted);
  if (chosen) return chosen;
  const names = candidates
    .filter((candidate) => !isAttestation(candidate))
    .map(({ platform }) => (platform ? formatPlatform(platform) : 'unknown'));
  const message = `${doing}: it is not there for ${formatPlatform(wanted)}`;
  throw new DockerceptionError('build', 'PLATFORM_UNKNOWN', message, {
    hint: `it is there for ${listed([...new Set(names)]) || 'no platform at all'}`,
  });
}

/** Whether a manifest of an index is about another one, and no image. */
export function isAttestation({ platform, annotations }: Descriptor): boolean {
  return (
    (platform?.os === 'unknown' && platform.architecture === 'unknown') ||
    annotations?.['vnd.docker.reference.type'] === 'attestation-manifest'
  );
}

function isSame(one: Platform, other: Platform): boolean {
  const { os, architecture, variant } = normalisePlatform(one);
  if (os !== other.os || architecture !== other.architecture || variant !== other.variant)
    return false;
  return other['os.version'] === undefined || other['os.version'] === one['os.version'];
}

/** What a normalised platform runs, the best first. */
function runnable(platform: Platform): readonly Platform[] {
  const { architecture, variant = '' } = platform;
  const as = (architecture: string, variant = ''): Platform =>
    normalisePlatform({ ...platform, architecture, variant });
  const version = Number(/^v(\d)$/.exec(variant)?.[1] ?? 0);
  switch (architecture) {
    case 'amd64':
      return [platform, ...down(version - 1, 1).map((n) => as('amd64', `v${n}`)), as('386')];
    case 'arm':
      return [platform, ...down(version - 1, 5).map((n) => as('arm', `v${n}`))];
    case 'arm64':
      return [
        platform,
        ...olderArm64(variant).map((name) => as('arm64', name)),
        ...down(8, 5).map((n) => as('arm', `v${n}`)),
      ];
    default:
      return [platform];
  }
}

/** The variants before `v8.3` or `v9.1`; v9.0 came out of v8.5. */
function olderArm64(variant: string): string[] {
  const [, major, minor = '0'] = /^v([89])(?:\.(\d))?$/.exec(variant) ?? [];
  const name = (version: number, minor: number): string =>
    minor === 0 ? `v${version}` : `v${version}.${minor}`;
  const below = Number(minor) - 1;
  if (major === '8') return down(below, 0).map((n) => name(8, n));
  if (major !== '9') return [];
  return [
    ...down(below, 0).map((n) => name(9, n)),
    ...down(Number(minor) + 5, 0).map((n) => name(8, n)),
  ];
}

/** `from`, …, `to`, downwards; empty when `from` is the smaller. */
function down(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, from - to + 1) }, (_, at) => from - at);
}

function invalid(text: string, why = 'it has to be OS/ARCHITECTURE[/VARIANT]'): DockerceptionError {
  return new DockerceptionError(
    'usage',
    'PLATFORM_INVALID',
    `reading the platform "${printable(text)}": ${why}`,
    { hint: 'as in linux/amd64 or linux/arm/v7' },
  );
}
