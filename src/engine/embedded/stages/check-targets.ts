/** Passes built targets to the check of the image. */
import { isFile, type Leaf } from '../../../filesystem/node.js';
import type { ImageCheck } from '../../engine.js';
import { CONTENT_CHUNK, contentChunks } from '../spool/contents.js';
import type { Spool } from '../spool/spool.js';
import type { BuiltTarget } from './stages.js';

/** Passes each target to the check. Rejects with the check's error. */
export async function checkTargets(
  targets: readonly BuiltTarget[],
  spool: Spool,
  check: ImageCheck,
): Promise<void> {
  const chunk = Buffer.allocUnsafeSlow(CONTENT_CHUNK);
  const content = (file: Leaf): Iterable<Buffer> | undefined => {
    if (!isFile(file) || file.offset < 0) return undefined;
    const head = spool.headOf(file.offset);
    // The check needs no more of these: see ImageCheck.needsContent.
    return head === undefined ? contentChunks(file, spool, chunk) : [head];
  };
  for (const { platform, result, layers, system } of targets)
    await check.assembled({
      config: { ...platform, config: result.config },
      layers: [...(await system()).layers, ...layers.map(({ after }) => after)],
      content,
    });
}
