/**
 * What a build looks into before an image is written or pushed: findings are told, and a limit that is exceeded
 * ends it. An image that was put together here is looked at where it lies, an engine's is read as its archive.
 */
import type { ImageCheck } from '../engine/engine.js';
import type { Report } from '../progress/events.js';
import { printable } from '../text/printable.js';
import type { CheckOptions } from './check-options.js';
import type { Checked } from './limits.js';

/**
 * It rejects with LIMIT_EXCEEDED, of kind limit. What it takes to look is loaded when there is an image: a build
 * begins no later because of it.
 */
export function imageCheck(given: CheckOptions): ImageCheck {
  const options = { ...given, report: once(given.report) };
  return {
    hasLimits: given.limits !== undefined,
    async assembled(system) {
      const { inspectAssembled } = await import('./read/read-assembled.js');
      await conclude(await inspectAssembled(system, options), options);
    },
    async needsContent(head) {
      if (options.limits?.maxWaste !== undefined) return true;
      const { ContentProbe } = await import('./probe/content-probe.js');
      const probe = new ContentProbe();
      probe.begin('/', 0, Infinity);
      probe.data(head);
      return !probe.satisfied;
    },
    async stored(image) {
      const { inspectStored } = await import('./read/read-stored.js');
      await conclude(await inspectStored(image, options), options);
    },
  };
}

/** The images of several platforms have the same findings more often than not: each is told once. */
function once(report: Report): Report {
  const told = new Set<string>();
  return (event) => {
    const text = event.kind === 'finding' ? JSON.stringify(event) : undefined;
    if (text !== undefined && told.has(text)) return;
    if (text !== undefined) told.add(text);
    report(event);
  };
}

async function conclude(
  image: Checked | undefined,
  { limits, findings, report }: CheckOptions,
): Promise<void> {
  if (image === undefined) return;
  for (const finding of findings ? image.findings : [])
    if (finding.severity !== 'info')
      report({ kind: 'finding', ...finding, path: finding.path && printable(finding.path) });
  if (limits === undefined) return;
  const { exceeded } = await import('./limits.js');
  const broken = exceeded(image, limits);
  if (broken.length === 0) return;
  const { exceededLines, limitError } = await import('./limit-error.js');
  for (const message of exceededLines(broken)) report({ kind: 'notice', message });
  throw limitError(image.target, broken);
}
