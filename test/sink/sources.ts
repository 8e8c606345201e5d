/** The same context from every kind of source, so that what leaves a sink can be compared. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ContextOptions } from '../../src/options/context.js';
import { openDescriptor } from '../../src/source/descriptor.js';
import { streamSource } from '../../src/source/source.js';
import { long, member, pax, tar } from '../support/write-tar.js';

/** Larger than a pipe and than a read of a file, so that a slow reader makes every sink wait several times. */
const LARGE = 700_000;

/** Every form of header, small and empty files, one that is dropped, a body larger than a pipe. */
const CONTEXT = tar(
  member({ name: 'Dockerfile', body: 'FROM scratch\nCOPY . /\n' }),
  ...Array.from({ length: 60 }, (_, i) => member({ name: `small/${i}`, body: 's'.repeat(i * 9) })),
  pax([['path', `long/${'p'.repeat(200)}`]]),
  member({ name: 'long', body: 'named by PAX' }),
  long('L', 'g'.repeat(120)),
  member({ name: 'g', magic: 'gnu', body: '' }),
  member({ name: 'dropped', body: 'd'.repeat(3000) }),
  member({ name: 'large', body: Buffer.from(Array.from({ length: LARGE }, (_, i) => i * 7)) }),
  ...Array.from({ length: 60 }, (_, i) => member({ name: `end/${i}`, uid: i, gid: 1 << 22 })),
);

/** How a producer writes: pieces of these sizes, in turn. */
const PIECES: Readonly<Record<string, readonly number[]>> = {
  'one byte at a time': [1],
  'pieces that cut headers': [512, 300, 70_000, 513, 1],
  'pieces of 511 bytes': [511],
  'pieces of 512 bytes': [512],
  'pieces of 64 KiB': [64 * 1024],
  'pieces of 1 MiB': [1024 * 1024],
};

/** The options that name the context, and what has to be closed after it was read. */
interface Opened {
  readonly options: ContextOptions;
  readonly close?: () => void;
}

/** What a source may use: a folder of its own, and FIFOs that nothing else uses. */
export interface Place {
  readonly folder: string;
  readonly fifo: () => string;
}

export type OpenSource = (place: Place) => Promise<Opened>;

/** Where all pieces are one byte, only the first and the last blocks are cut so: it takes long. */
function* cut(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let turn = 0;
  for (let at = 0; at < bytes.length;) {
    const size = sizes[turn++ % sizes.length] as number;
    const isMiddle = sizes.length === 1 && at >= 2048 && at + 4096 < bytes.length;
    const step = size === 1 && isMiddle ? Math.min(997, bytes.length - 4096 - at) : size;
    yield Buffer.from(bytes.subarray(at, at + step));
    at += step;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Writes to a descriptor that doesn't block, as a producer that is as fast as its reader. */
export async function produce(fd: number, pieces: Iterable<Uint8Array>): Promise<void> {
  for (const piece of pieces)
    for (let from = 0; from < piece.length;)
      try {
        from += fs.writeSync(fd, piece, from);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        await turn();
      }
  fs.closeSync(fd);
}

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = fs.constants;

/** Both ends of a pipe; neither blocks. */
export function openPipe(path: string): { readonly reader: number; readonly writer: number } {
  const reader = fs.openSync(path, O_RDONLY | O_NONBLOCK);
  return { reader, writer: fs.openSync(path, O_WRONLY | O_NONBLOCK) };
}

const pipe =
  (sizes: readonly number[]): OpenSource =>
  async ({ fifo }) => {
    const { reader, writer } = openPipe(fifo());
    void produce(writer, cut(CONTEXT, sizes));
    return { options: { context: await streamSource(openDescriptor(reader, true), 'the pipe') } };
  };

const readable =
  (sizes: readonly number[]): OpenSource =>
  () =>
    Promise.resolve({
      options: { context: Readable.from(cut(CONTEXT, sizes), { objectMode: false }) },
    });

const file =
  (program?: string): OpenSource =>
  ({ folder }) => {
    const path = join(folder, 'context.tar');
    const packed =
      program === undefined ? CONTEXT : execFileSync(program, ['-qc'], { input: CONTEXT });
    fs.writeFileSync(path, packed);
    return Promise.resolve({ options: { context: path } });
  };

const standardInputFile: OpenSource = async (place) => {
  await file()(place);
  const fd = fs.openSync(join(place.folder, 'context.tar'), 'r');
  const context = await streamSource(openDescriptor(fd, false), 'the file');
  return { options: { context }, close: () => fs.closeSync(fd) };
};

const unpack = (folder: string): string => {
  const path = join(folder, 'context');
  fs.mkdirSync(path);
  execFileSync('tar', ['-x', '-C', path, '--no-same-owner'], { input: CONTEXT });
  return path;
};

const directory: OpenSource = ({ folder }) =>
  Promise.resolve({ options: { context: unpack(folder) } });

const parts: OpenSource = async (place) => {
  const host = join(place.folder, 'added');
  fs.writeFileSync(host, Buffer.alloc(LARGE, 'added'));
  const { options, close } = await standardInputFile(place);
  const added = { add: [{ host, dest: 'added' }], base: 'scratch', file: 'Other' };
  return { options: { ...options, ...added }, ...(close && { close }) };
};

/** All of them, by name. */
export const SOURCES: Readonly<Record<string, OpenSource>> = {
  ...Object.fromEntries(
    Object.entries(PIECES).flatMap(([name, sizes]) => [
      [`a pipe, ${name}`, pipe(sizes)],
      [`a Readable, ${name}`, readable(sizes)],
    ]),
  ),
  'a file as standard input': standardInputFile,
  'a tar file': file(),
  'a file through gzip': file('gzip'),
  'a file through zstd': file('zstd'),
  'a file through xz': file('xz'),
  'a file through bzip2': file('bzip2'),
  'a directory': directory,
  'several parts': parts,
};
