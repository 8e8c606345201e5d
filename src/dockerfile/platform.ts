/** Platforms as `linux/arm64/v8`: read, normalised and printed as containerd/platforms does. */
import { Reason } from './reason.js';
import { quote } from './quote.js';

/** What an image runs on. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const SYSTEMS: readonly string[] = [
  ...['aix', 'android', 'darwin', 'dragonfly', 'freebsd', 'hurd', 'illumos', 'ios', 'js', 'linux'],
  ...['nacl', 'netbsd', 'openbsd', 'plan9', 'solaris', 'wasip1', 'windows', 'zos'],
];
const ARCHITECTURES: readonly string[] = [
  ...['386', 'amd64', 'amd64p32', 'arm', 'armbe', 'arm64', 'arm64be', 'loong64', 'mips', 'mipsle'],
  ...['mips64', 'mips64le', 'mips64p32', 'mips64p32le', 'ppc', 'ppc64', 'ppc64le', 'riscv'],
  ...['riscv64', 's390', 's390x', 'sparc', 'sparc64', 'wasm'],
];
const SAME: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  i386: ['386'],
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
};

/** Reads a platform; a part that isn't told is Linux's or `local`'s. Throws a {@link Reason}. */
export function parsePlatform(text: string, local: Platform): Platform {
  const refuse = (why: string): Reason => new Reason(`${quote(text)}: ${why}: invalid argument`);
  const parts = text.split('/');
  if (parts.length > 3) throw refuse('cannot parse platform specifier');
  const bad = parts.find((part) => !/^[A-Za-z0-9_.-]+$/.test(part));
  if (bad !== undefined) {
    const must = 'platform specifier component must match "^[A-Za-z0-9_.-]+$"';
    const which = `${quote(bad)} is an invalid component of ${quote(text)}`;
    throw new Reason(`${which}: ${must}: invalid argument`);
  }
  const [first = '', second, third] = parts;
  if (second !== undefined) return normalise(system(first), second, third);
  if (SYSTEMS.includes(system(first)))
    return normalise(system(first), local.architecture, local.variant);
  const known = normalise('linux', first, undefined);
  if (!ARCHITECTURES.includes(known.architecture))
    throw refuse('unknown operating system or architecture');
  return known;
}

/** `linux/arm/v7`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant ?? ''].filter((part) => part !== '').join('/');
}

function system(name: string): string {
  const lower = name.toLowerCase();
  return lower === 'macos' ? 'darwin' : lower;
}

function normalise(os: string, name: string, given: string | undefined): Platform {
  const lower = name.toLowerCase();
  const [architecture, implied] = SAME[lower] ?? [lower, undefined];
  const variant = normalVariant(architecture, implied ?? (given ?? '').toLowerCase());
  return variant === '' ? { os, architecture } : { os, architecture, variant };
}

function normalVariant(architecture: string, variant: string): string {
  if (architecture === 'amd64') return variant === 'v1' ? '' : variant;
  if (architecture === 'arm64') return variant === '8' || variant === 'v8' ? '' : variant;
  if (architecture !== 'arm') return variant;
  return variant === '' ? 'v7' : variant.replace(/^(?=[5678]$)/, 'v');
}
