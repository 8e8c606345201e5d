/**
 * Architectures of ELF files. Names and directories are those of Debian's multi-arch tuples
 * (https://wiki.debian.org/Multiarch/Tuples) and of glibc's shlib-versions.
 */

/** The fields of an ELF header that must be equal in a program and its libraries. */
export interface Architecture {
  /** `e_machine`. */
  readonly machine: number;
  readonly bits: 32 | 64;
  readonly bigEndian: boolean;
  /** How 32-bit ARM code passes floating-point numbers, if `e_flags` says so. */
  readonly float?: 'hard' | 'soft' | undefined;
}

/**
 * `go`: Go's name, as in an image's configuration. `tuple`: Debian's directory below /lib and /usr/lib. `platform`:
 * AT_PLATFORM of the kernel, if all processors have it.
 */
type Known = readonly [go: string, name: string, tuple: string, loader: string, platform?: string];

const KNOWN: Readonly<Record<string, Known>> = {
  '3-32-le': ['386', 'x86', 'i386-linux-gnu', '/lib/ld-linux.so.2', 'i686'],
  '62-64-le': ['amd64', 'x86-64', 'x86_64-linux-gnu', '/lib64/ld-linux-x86-64.so.2', 'x86_64'],
  '62-32-le': ['amd64', 'x32', 'x86_64-linux-gnux32', '/libx32/ld-linux-x32.so.2', 'x86_64'],
  '40-32-le': ['arm', 'ARM', 'arm-linux-gnueabihf', '/lib/ld-linux-armhf.so.3'],
  '183-64-le': ['arm64', 'AArch64', 'aarch64-linux-gnu', '/lib/ld-linux-aarch64.so.1', 'aarch64'],
  '20-32-be': ['ppc', 'PowerPC', 'powerpc-linux-gnu', '/lib/ld.so.1'],
  '21-64-be': ['ppc64', 'big-endian PowerPC64', 'powerpc64-linux-gnu', '/lib64/ld64.so.1'],
  '21-64-le': ['ppc64le', 'PowerPC64', 'powerpc64le-linux-gnu', '/lib64/ld64.so.2'],
  '22-32-be': ['s390', 'S/390', 's390-linux-gnu', '/lib/ld.so.1'],
  '22-64-be': ['s390x', 's390x', 's390x-linux-gnu', '/lib/ld64.so.1'],
  '243-64-le': ['riscv64', 'RISC-V', 'riscv64-linux-gnu', '/lib/ld-linux-riscv64-lp64d.so.1'],
  '258-64-le': [
    'loong64',
    'LoongArch',
    'loongarch64-linux-gnu',
    '/lib64/ld-linux-loongarch-lp64d.so.1',
  ],
  '8-32-be': ['mips', 'big-endian MIPS', 'mips-linux-gnu', '/lib/ld.so.1'],
  '8-32-le': ['mipsle', 'MIPS', 'mipsel-linux-gnu', '/lib/ld.so.1'],
  '8-64-be': ['mips64', 'big-endian MIPS64', 'mips64-linux-gnuabi64', '/lib64/ld.so.1'],
  '8-64-le': ['mips64le', 'MIPS64', 'mips64el-linux-gnuabi64', '/lib64/ld.so.1'],
};

function lookUp({ machine, bits, bigEndian }: Architecture): Known | undefined {
  return KNOWN[`${machine}-${bits}-${bigEndian ? 'be' : 'le'}`];
}

/** The names of {@link goName}. */
export const GO_NAMES: ReadonlySet<string> = new Set(Object.values(KNOWN).map(([go]) => go));

/** Go's name of an architecture, `amd64`; undefined for an unknown one. */
export function goName(architecture: Architecture): string | undefined {
  return lookUp(architecture)?.[0];
}

export function architectureName(architecture: Architecture): string {
  const { machine, bits, bigEndian, float } = architecture;
  const name = lookUp(architecture)?.[1];
  if (name !== undefined) return float === undefined ? name : `${name}, ${float} float`;
  return `machine ${machine}, ${bits} bits, ${bigEndian ? 'big' : 'little'}-endian`;
}

/** Whether both may be loaded into one process: open_verify of glibc, elf/dl-load.c. */
export function matches(a: Architecture, b: Architecture): boolean {
  return (
    a.machine === b.machine &&
    a.bits === b.bits &&
    a.bigEndian === b.bigEndian &&
    (a.float === undefined || b.float === undefined || a.float === b.float)
  );
}

export function usualLoader(architecture: Architecture): string | undefined {
  if (architecture.machine === 40 && architecture.float === 'soft') return '/lib/ld-linux.so.3';
  return lookUp(architecture)?.[3];
}

/** The value of $PLATFORM, if it is the same on every processor of the architecture. */
export function platformName(architecture: Architecture): string | undefined {
  return lookUp(architecture)?.[4];
}

export function usualDirectories(architecture: Architecture): readonly string[] {
  const soft = architecture.machine === 40 && architecture.float === 'soft';
  const tuple = soft ? 'arm-linux-gnueabi' : lookUp(architecture)?.[2];
  const own = tuple === undefined ? [] : [`/lib/${tuple}`, `/usr/lib/${tuple}`];
  const wide = architecture.bits === 64 ? ['/lib64', '/usr/lib64'] : [];
  return [...own, ...wide, '/lib', '/usr/lib'];
}
