/** Compressed data in every format, and what decompression makes of it. */
import { execFileSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { decompress } from '../../src/compression/decompress.js';

/** Bytes that compress a little: a repeatable mix of noise, text and zeros. */
export function sample(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed;
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[at] = (at >> 10) % 3 === 0 ? state >>> 24 : (at >> 10) % 3 === 1 ? 97 + (at % 13) : 0;
  }
  return bytes;
}

/** Refuses nothing and keeps what came before an error. */
export async function read(
  compressed: Buffer,
  chunk: number,
): Promise<{ data: Buffer; error: unknown }> {
  const parts: Buffer[] = [];
  for (let at = 0; at < compressed.length; at += chunk)
    parts.push(compressed.subarray(at, at + chunk));
  const out: Buffer[] = [];
  try {
    const input = Readable.from(parts, { objectMode: false });
    for await (const piece of await decompress(input, 'standard input')) out.push(piece as Buffer);
    return { data: Buffer.concat(out), error: undefined };
  } catch (error) {
    return { data: Buffer.concat(out), error };
  }
}

export function program(name: string, args: readonly string[], input: Buffer): Buffer {
  return execFileSync(name, [...args], { input, maxBuffer: 1 << 28 });
}

export const formats = {
  gzip: (data: Buffer) => gzipSync(data),
  'gzip, by the program': (data: Buffer) => program('gzip', ['-c'], data),
  zstd: (data: Buffer) => program('zstd', ['-qc'], data),
  'zstd -19': (data: Buffer) => program('zstd', ['-qc', '-19'], data),
  'zstd --fast': (data: Buffer) => program('zstd', ['-qc', '--fast=9'], data),
  xz: (data: Buffer) => program('xz', ['-c'], data),
  'xz with CRC-32': (data: Buffer) => program('xz', ['-c', '-C', 'crc32'], data),
  'xz with SHA-256': (data: Buffer) => program('xz', ['-c', '-C', 'sha256'], data),
  bzip2: (data: Buffer) => program('bzip2', ['-c'], data),
};
