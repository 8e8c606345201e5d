/**
 * Whether a program of some architecture runs in an image of some platform: Go's names for
 * architectures, and the numbers of ELF files.
 */
import type { Architecture } from '../../../elf/architecture.js';

const [EM_386, EM_ARM, EM_X86_64] = [3, 40, 62];

/** `e_machine`, and what is to be said of bits and byte order where there are several. */
const MACHINES: Readonly<Record<string, Partial<Architecture>>> = {
  amd64: { machine: EM_X86_64 },
  '386': { machine: EM_386 },
  arm64: { machine: 183, bigEndian: false },
  arm: { machine: EM_ARM, bigEndian: false },
  ppc64le: { machine: 21, bigEndian: false },
  ppc64: { machine: 21, bigEndian: true },
  ppc: { machine: 20 },
  s390x: { machine: 22, bits: 64 },
  riscv64: { machine: 243, bits: 64 },
  loong64: { machine: 258, bits: 64 },
  mips: { machine: 8, bits: 32, bigEndian: true },
  mipsle: { machine: 8, bits: 32, bigEndian: false },
  mips64: { machine: 8, bits: 64, bigEndian: true },
  mips64le: { machine: 8, bits: 64, bigEndian: false },
};

/** `maybe`: 32-bit ARM on a 64-bit one, of which some have no such mode. Undefined: who knows. */
export function runsOn(
  architecture: Architecture,
  platform: string,
): 'yes' | 'maybe' | 'no' | undefined {
  const wanted = Object.hasOwn(MACHINES, platform) ? MACHINES[platform] : undefined;
  if (wanted === undefined) return undefined;
  const { machine, bits, bigEndian } = architecture;
  const fits =
    machine === wanted.machine &&
    (wanted.bits ?? bits) === bits &&
    (wanted.bigEndian ?? bigEndian) === bigEndian;
  if (fits || (platform === 'amd64' && machine === EM_386)) return 'yes';
  return platform === 'arm64' && machine === EM_ARM ? 'maybe' : 'no';
}
