import { DockerceptionError } from '../errors.js';
import { BLOCK } from '../tar/block.js';

const MARK = 'dockerception: this tar is incomplete';

/**
 * The last block of a failed output. Readers expect a header there, and refuse this one: its checksum field contains
 * letters. Without it, most readers accept a tar that is cut between two entries. If it is the whole output, the docker
 * CLI reads it as a Dockerfile with an unknown instruction.
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
 * Recognises the end of a failed output, of any version.
 * @throws DockerceptionError CONTEXT_INCOMPLETE of kind context.
 */
export function refuseFailureBlock(block: Buffer, source: string): void {
  if (block.toString('latin1', 0, MARK.length) !== MARK) return;
  const message = `reading ${source}: the command that wrote it has failed, and it is incomplete`;
  throw new DockerceptionError('context', 'CONTEXT_INCOMPLETE', message, {
    hint: 'look for the error of that command',
  });
}
