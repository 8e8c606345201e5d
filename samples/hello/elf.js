/**
 * The smallest static program that says hello: an ELF header, one program header, a few
 * instructions and the text. Made here, so that the sample needs no compiler and the repository
 * holds no binary. System V ABI, "Object Files"; Linux system calls write(2) and exit(2).
 */

const BASE = 0x400000n;
const HEADERS = 64 + 56;

/** @type {Record<string, { machine: number, code: (text: Buffer) => Buffer }>} */
const ARCHITECTURES = {
  x64: { machine: 62, code: x64 },
  arm64: { machine: 183, code: arm64 },
};

/**
 * A program that writes `text` to its standard output and exits with 0.
 * @param {string} arch as `process.arch` names it: x64 or arm64
 * @param {string} text at most 60 KiB
 * @returns {Buffer}
 */
export function helloProgram(arch, text) {
  const architecture = ARCHITECTURES[arch];
  if (architecture === undefined) throw new Error(`making a program: no code for ${arch}`);
  const message = Buffer.from(text);
  const body = Buffer.concat([architecture.code(message), message]);
  const size = HEADERS + body.length;
  const file = Buffer.alloc(size);
  file.write('\x7fELF', 0, 'latin1');
  file.set([2, 1, 1], 4); // 64 bits, little endian, version 1
  file.writeUInt16LE(2, 16); // an executable
  file.writeUInt16LE(architecture.machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BASE + BigInt(HEADERS), 24); // where it starts
  file.writeBigUInt64LE(64n, 32); // its program header is behind this one
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt16LE(64, 58);
  file.writeUInt32LE(1, 64); // a segment to load,
  file.writeUInt32LE(5, 68); // to read and to execute
  file.writeBigUInt64LE(BASE, 80);
  file.writeBigUInt64LE(BASE, 88);
  file.writeBigUInt64LE(BigInt(size), 96);
  file.writeBigUInt64LE(BigInt(size), 104);
  file.writeBigUInt64LE(0x1000n, 112);
  body.copy(file, HEADERS);
  return file;
}

/** @param {Buffer} text */
function x64(text) {
  const code = Buffer.from(
    'b801000000' + // mov eax, 1: write
      'bf01000000' + // mov edi, 1: to standard output
      '488d3510000000' + // lea rsi, [rip + 16]: the text
      'ba00000000' + // mov edx, its length
      '0f05' + // syscall
      'b83c000000' + // mov eax, 60: exit
      '31ff' + // xor edi, edi: with 0
      '0f05', // syscall
    'hex',
  );
  code.writeUInt32LE(text.length, 18);
  return code;
}

/** @param {Buffer} text */
function arm64(text) {
  const instructions = [
    0xd2800020, // mov x0, 1: to standard output
    0x100000e1, // adr x1, . + 28: the text
    0xd2800002 | (text.length << 5), // mov x2, its length
    0xd2800808, // mov x8, 64: write
    0xd4000001, // svc 0
    0xd2800000, // mov x0, 0: with 0
    0xd2800ba8, // mov x8, 93: exit
    0xd4000001, // svc 0
  ];
  const code = Buffer.alloc(instructions.length * 4);
  instructions.forEach((instruction, index) => code.writeUInt32LE(instruction >>> 0, index * 4));
  return code;
}
