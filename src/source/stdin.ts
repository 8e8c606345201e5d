/** Standard input as a source: a pipe, a socket, a file, but never a terminal. */
import fs from 'node:fs';
import type { Readable } from 'node:stream';
import tty from 'node:tty';
import { DockerceptionError } from '../errors.js';
import { PipeStream } from './pipe.js';
import type { Source } from './source.js';
import { streamSource } from './stream.js';

const FILE_CHUNK = 1024 * 1024;

/** Throws USAGE_TERMINAL for a terminal, CONTEXT_NO_INPUT for /dev/null; `signal` ends the wait. */
export async function standardInput(signal?: AbortSignal): Promise<Source> {
  return streamSource(openInput(), 'standard input', signal);
}

/** Opens standard input as it is. Throws USAGE_TERMINAL, CONTEXT_NO_INPUT. */
export function openInput(): Readable {
  if (tty.isatty(0)) {
    throw new DockerceptionError(
      'usage',
      'USAGE_TERMINAL',
      'reading standard input: it is a terminal',
      {
        hint: 'pipe a tar into it (builder | dockerception …), or name a directory or a tar file',
      },
    );
  }
  if (isNull(fs.fstatSync(0))) {
    throw new DockerceptionError(
      'context',
      'CONTEXT_NO_INPUT',
      'reading standard input: it is /dev/null, nothing is connected to it',
      {
        hint: 'pipe a tar into it, or name a directory or a tar file; in a container, `docker run` needs -i',
      },
    );
  }
  return openDescriptor(0);
}

/** Whether it is /dev/null: nothing was connected. Node opens it for a closed descriptor too. */
function isNull(stat: fs.Stats): boolean {
  const nothing = fs.statSync('/dev/null', { throwIfNoEntry: false });
  return (
    nothing?.isCharacterDevice() === true && stat.isCharacterDevice() && stat.rdev === nothing.rdev
  );
}

/** A descriptor's bytes as a stream; it stays open when it is a file's. */
export function openDescriptor(fd: number): Readable {
  const stat = fs.fstatSync(fd);
  if (stat.isFIFO() || stat.isSocket()) return new PipeStream(fd);
  return fs.createReadStream('', { fd, autoClose: false, highWaterMark: FILE_CHUNK });
}
