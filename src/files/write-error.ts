/** Why an output couldn't be written, said the same way for files, folders and streams. */
import type { ErrorCode } from '../error-codes.js';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import { printable } from '../text/printable.js';

/** The error for a failed write: OUTPUT_FULL, OUTPUT_CLOSED or OUTPUT_FAILED, of kind output. */
export function outputFailure(name: string, cause: unknown): unknown {
  if (cause instanceof DockerceptionError) return cause;
  const [code, why, hint] = reason(cause);
  return new DockerceptionError('output', code, `writing ${printable(name)}: ${why}`, {
    cause,
    hint,
  });
}

/** The error for a temporary file that can't be created or written in `folder`. */
export function temporaryFailure(folder: string, cause: unknown): unknown {
  const failure = outputFailure(`a temporary file in ${folder}`, cause);
  if (!(failure instanceof DockerceptionError) || failure === cause) return failure;
  return failure.with({ hint: TEMPORARY_HINT });
}

/** What to do when there is no folder for temporary files. */
const TEMPORARY_HINT =
  'TMPDIR names another folder; a read-only container gets one with --tmpfs /tmp';

function reason(cause: unknown): readonly [code: ErrorCode, why: string, hint?: string] {
  switch (systemCode(cause)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return ['OUTPUT_FULL', 'no space is left'];
    case 'EFBIG':
      return ['OUTPUT_FULL', 'files may not grow so large there'];
    case 'EPIPE':
    case 'ECONNRESET':
    case 'ERR_STREAM_PREMATURE_CLOSE':
    case 'ERR_STREAM_DESTROYED':
    case 'ERR_STREAM_UNABLE_TO_PIPE': // Node 24 and later
      return [
        'OUTPUT_CLOSED',
        'its reader has gone',
        'look for the error of the next command in the pipeline',
      ];
    case 'ENOENT':
      return ['OUTPUT_FAILED', 'the folder it belongs into is not there'];
    case 'EMFILE':
    case 'ENFILE':
      return ['OUTPUT_FAILED', 'too many files are open', 'ulimit -n allows more'];
    case 'ENOTDIR':
    case 'EEXIST':
      return ['OUTPUT_FAILED', 'a file is where a folder has to be'];
    case 'ENAMETOOLONG':
      return ['OUTPUT_FAILED', 'the name is too long'];
    case 'EACCES':
    case 'EPERM':
      return ['OUTPUT_FAILED', 'permission denied'];
    case 'EROFS':
      return ['OUTPUT_FAILED', 'the file system is read-only'];
    case 'EISDIR':
      return ['OUTPUT_FAILED', 'it is a folder', 'name a file'];
    default:
      return ['OUTPUT_FAILED', messageOf(cause)];
  }
}
