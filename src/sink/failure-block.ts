import { DockerceptionError } from '../errors.js';
import { BLOCK } from '../tar/block.js';

const MARK = 'dockerception: this tar is incomplete';

/**
 * The end of an output that has failed, where a header or the end-of-archive would be: one block that
 * is neither for any reader, since where the checksum belongs there are letters. Without it, most
 * readers accept a tar that is cut between two entries. Where it is all that there is, the docker CLI
 * reads it as a Dockerfile, whose first word is no instruction.
 */
export const FAILURE_BLOCK = Buffer.from(
  [
    `${MARK}, because the command that wrote it has failed.`,
    'Its standard error says why. What precedes this block must not be used: entries may be missing.',
  ]
    .join('\n')
    .padEnd(BLOCK - 1)
    .concat('\n'),
);

/**
 * Explains a block that is no header where it is the end of a failed output, of any version.
 * @throws DockerceptionError CONTEXT_INCOMPLETE of kind context.
 */
export function refuseFailureBlock(block: Buffer, source: string): void {
  if (block.toString('latin1', 0, MARK.length) !== MARK) return;
  const message = `reading ${source}: the command that wrote it has failed, and it is incomplete`;
  throw new DockerceptionError('context', 'CONTEXT_INCOMPLETE', message, {
    hint: 'look for the error of that command',
  });
}
