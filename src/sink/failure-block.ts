import { BLOCK } from '../tar/block.js';

/**
 * The end of an output that has failed, where a header or the end-of-archive would be: one block that
 * is neither for any reader, since where the checksum belongs there are letters. Without it, most
 * readers accept a tar that is cut between two entries. Where it is all that there is, the docker CLI
 * reads it as a Dockerfile, whose first word is no instruction.
 */
export const FAILURE_BLOCK = Buffer.from(
  [
    'dockerception: this tar is incomplete, because the command that wrote it has failed.',
    'Its standard error says why. What precedes this block must not be used: entries may be missing.',
  ]
    .join('\n')
    .padEnd(BLOCK - 1)
    .concat('\n'),
);
