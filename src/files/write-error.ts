/** Why an output can't be written, in the same words for files, folders and streams. */
import type { ErrorCode } from '../error-codes.js';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import { printable } from '../text/printable.js';

type Reason = readonly [code: ErrorCode, why: string, hint?: string];

const FULL: Reason = ['OUTPUT_FULL', 'no space is left'];
const CLOSED: Reason = [
  'OUTPUT_CLOSED',
  'its reader has gone',
  'look for the error of the next command in the pipeline',
];
const TOO_MANY: Reason = ['OUTPUT_FAILED', 'too many files are open', 'ulimit -n allows more'];
const NO_FOLDER: Reason = ['OUTPUT_FAILED', 'a file is where a folder has to be'];
const DENIED: Reason = ['OUTPUT_FAILED', 'permission denied'];

const REASONS: Readonly<Record<string, Reason>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: ['OUTPUT_FULL', 'files may not grow so large there'],
  EPIPE: CLOSED,
  ECONNRESET: CLOSED,
  ERR_STREAM_PREMATURE_CLOSE: CLOSED,
  ERR_STREAM_DESTROYED: CLOSED,
  ERR_STREAM_UNABLE_TO_PIPE: CLOSED, // Node 24 and later
  ENOENT: ['OUTPUT_FAILED', 'the folder it belongs into is not there'],
  EMFILE: TOO_MANY,
  ENFILE: TOO_MANY,
  ENOTDIR: NO_FOLDER,
  EEXIST: NO_FOLDER,
  ENAMETOOLONG: ['OUTPUT_FAILED', 'the name is too long'],
  EACCES: DENIED,
  EPERM: DENIED,
  EROFS: ['OUTPUT_FAILED', 'the file system is read-only'],
  EISDIR: ['OUTPUT_FAILED', 'it is a folder', 'name a file'],
};

/** The error of kind output for a failed write: OUTPUT_FULL, OUTPUT_CLOSED or OUTPUT_FAILED. */
export function outputFailure(name: string, cause: unknown, advice?: string): DockerceptionError {
  if (cause instanceof DockerceptionError) return cause;
  const [code, why, hint] = REASONS[systemCode(cause) ?? ''] ?? ['OUTPUT_FAILED', messageOf(cause)];
  return new DockerceptionError('output', code, `writing ${printable(name)}: ${why}`, {
    cause,
    hint: advice ?? hint,
  });
}
