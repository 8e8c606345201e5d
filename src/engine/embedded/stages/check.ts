/** What was put together, shown to whoever looks into it before it is written. */
import { isFile } from '../../../filesystem/node.js';
import type { AssembledSystem, ImageCheck } from '../../engine.js';
import { CONTENT_CHUNK, contentChunks } from '../spool/contents.js';
import type { Spool } from '../spool/spool.js';
import type { BuiltTarget } from './stages.js';

/** A spool in which only the first bytes of some contents are left. */
export interface PartialSpool extends Spool {
  /** Undefined if all of the content is there. */
  headOf(offset: number): Buffer | undefined;
}

/** Rejects with what forbids one of them. */
export async function checkTargets(
  targets: readonly BuiltTarget[],
  spool: PartialSpool,
  check: ImageCheck,
): Promise<void> {
  for (const target of targets) await check.assembled(await systemOf(target, spool));
}

async function systemOf(target: BuiltTarget, spool: PartialSpool): Promise<AssembledSystem> {
  const { platform, result, layers } = target;
  const chunk = Buffer.allocUnsafeSlow(CONTENT_CHUNK);
  return {
    config: { ...platform, config: result.config },
    layers: [...(await target.imageLayers()), ...layers.map(({ after }) => after)],
    content: (file) => {
      if (!isFile(file) || file.offset < 0) return undefined;
      const head = spool.headOf(file.offset);
      // The check has said that it needs no more of these.
      return head === undefined ? contentChunks(file, spool, chunk) : [head];
    },
  };
}
