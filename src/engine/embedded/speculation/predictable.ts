/** Dockerfiles whose layers can be said before all of a context is there. */
import type { Dockerfile } from '../../../dockerfile/instruction.js';

/** Whether nothing but a context has to be read, and nothing is kept beside it. */
export function needsContextAlone({ stages }: Dockerfile): boolean {
  return stages.every(({ instructions }) =>
    instructions.every((instruction) =>
      instruction.kind === 'copy'
        ? instruction.contents.length === 0
        : instruction.kind !== 'add' && instruction.kind !== 'onbuild',
    ),
  );
}
