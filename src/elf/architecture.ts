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

interface Known {
  readonly name: string;
  /** Debian's directory below /lib and /usr/lib. */
  readonly tuple: string;
  readonly loader: string;
  /** AT_PLATFORM of the kernel, for $PLATFORM, if it is the same on every processor. */
  readonly platform?: string;
}

const KNOWN: Readonly<Record<string, Known>> = {
  '3-32-le': known('x86', 'i386', '/lib/ld-linux.so.2', 'i686'),
  '62-64-le': known('x86-64', 'x86_64', '/lib64/ld-linux-x86-64.so.2', 'x86_64'),
  '62-32-le': known('x32', 'x86_64', '/libx32/ld-linux-x32.so.2', 'x86_64', 'gnux32'),
  '40-32-le': known('ARM', 'arm', '/lib/ld-linux-armhf.so.3', undefined, 'gnueabihf'),
  '183-64-le': known('AArch64', 'aarch64', '/lib/ld-linux-aarch64.so.1', 'aarch64'),
  '20-32-be': known('PowerPC', 'powerpc', '/lib/ld.so.1'),
  '21-64-be': known('big-endian PowerPC64', 'powerpc64', '/lib64/ld64.so.1'),
  '21-64-le': known('PowerPC64', 'powerpc64le', '/lib64/ld64.so.2'),
  '22-32-be': known('S/390', 's390', '/lib/ld.so.1'),
  '22-64-be': known('s390x', 's390x', '/lib/ld64.so.1'),
  '243-64-le': known('RISC-V', 'riscv64', '/lib/ld-linux-riscv64-lp64d.so.1'),
  '258-64-le': known('LoongArch', 'loongarch64', '/lib64/ld-linux-loongarch-lp64d.so.1'),
  '8-32-be': known('big-endian MIPS', 'mips', '/lib/ld.so.1'),
  '8-32-le': known('MIPS', 'mipsel', '/lib/ld.so.1'),
  '8-64-le': known('MIPS64', 'mips64el', '/lib64/ld.so.1', undefined, 'gnuabi64'),
};

function known(
  name: string,
  machine: string,
  loader: string,
  platform?: string,
  abi = 'gnu',
): Known {
  return { name, tuple: `${machine}-linux-${abi}`, loader, ...(platform && { platform }) };
}

function lookUp({ machine, bits, bigEndian }: Architecture): Known | undefined {
  return KNOWN[`${machine}-${bits}-${bigEndian ? 'be' : 'le'}`];
}

export function architectureName(architecture: Architecture): string {
  const { machine, bits, bigEndian, float } = architecture;
  const name = lookUp(architecture)?.name;
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
  return lookUp(architecture)?.loader;
}

/** The value of $PLATFORM, if it is the same on every processor of the architecture. */
export function platformName(architecture: Architecture): string | undefined {
  return lookUp(architecture)?.platform;
}

export function usualDirectories(architecture: Architecture): readonly string[] {
  const found = lookUp(architecture);
  const soft = architecture.machine === 40 && architecture.float === 'soft';
  const tuple = soft ? 'arm-linux-gnueabi' : found?.tuple;
  const own = tuple === undefined ? [] : [`/lib/${tuple}`, `/usr/lib/${tuple}`];
  const wide = architecture.bits === 64 ? ['/lib64', '/usr/lib64'] : [];
  return [...own, ...wide, '/lib', '/usr/lib'];
}
