/** Standard input as a source: a pipe, a socket, a file, but never a terminal. */
import fs from 'node:fs';
import type { Readable } from 'node:stream';
import tty from 'node:tty';
import { DockerceptionError } from '../errors.js';
import { openDescriptor } from './descriptor.js';
import { type Source, streamSource } from './source.js';

const NAMES = /^(?:-|\/dev\/stdin|(?:\/dev|\/proc\/self)\/fd\/0)$/;

/** Whether a path of the host is standard input. */
export function isStandardInput(path: string): boolean {
  return NAMES.test(path);
}

/** Opens standard input as a tar. Throws as {@link openInput}; `signal` ends the wait for its first bytes. */
export async function standardInput(signal?: AbortSignal): Promise<Source> {
  return streamSource(openInput(), 'standard input', signal);
}

/** Opens standard input. Throws USAGE_TERMINAL for a terminal, CONTEXT_NO_INPUT for /dev/null. */
export function openInput(): Readable {
  if (tty.isatty(0)) {
    const message = 'reading standard input: it is a terminal';
    throw new DockerceptionError('usage', 'USAGE_TERMINAL', message, {
      hint: 'pipe a tar into it (builder | dockerception …), or name a directory or a tar file',
    });
  }
  if (isNull(fs.fstatSync(0))) {
    const message = 'reading standard input: it is /dev/null, nothing is connected to it';
    throw new DockerceptionError('context', 'CONTEXT_NO_INPUT', message, {
      hint: 'pipe a tar into it, or name a directory or a tar file; in a container, `docker run` needs -i',
    });
  }
  return openDescriptor(0, false);
}

/** Whether it is /dev/null, which Node opens for a closed descriptor, too. */
function isNull(stat: fs.Stats): boolean {
  const device = fs.statSync('/dev/null', { throwIfNoEntry: false });
  return (
    device?.isCharacterDevice() === true && stat.isCharacterDevice() && stat.rdev === device.rdev
  );
}
