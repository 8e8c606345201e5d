/**
 * What a build looks into before an image is written or pushed: findings are told, and a limit that is exceeded
 * ends it. An image that was put together here is looked at where it lies, an engine's is read as its archive.
 */
import type { ImageCheck } from '../engine/engine.js';
import { printable } from '../tar/printable.js';
import type { CheckOptions } from './check-options.js';
import { inspectAssembled } from './inspect-assembled.js';
import { inspectStored } from './inspect-stored.js';
import { exceededLines, limitError } from './limit-error.js';
import { exceeded, type Checked } from './limits.js';

/** It rejects with LIMIT_EXCEEDED, of kind limit. */
export function imageCheck(options: CheckOptions): ImageCheck {
  return {
    assembled: async (system) => conclude(await inspectAssembled(system, options), options),
    stored: async (image) => conclude(await inspectStored(image, options), options),
  };
}

function conclude(image: Checked | undefined, { limits, findings, report }: CheckOptions): void {
  if (image === undefined) return;
  for (const finding of findings ? image.findings : [])
    if (finding.severity !== 'info')
      report({ kind: 'finding', ...finding, path: finding.path && printable(finding.path) });
  if (limits === undefined) return;
  const broken = exceeded(image, limits);
  if (broken.length === 0) return;
  for (const message of exceededLines(broken)) report({ kind: 'notice', message });
  throw limitError(image.target, broken);
}
