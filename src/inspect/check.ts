/** The check of an image before a build writes or pushes it: reports findings, and fails if a limit is exceeded. */
import type { ImageCheck } from '../engine/engine.js';
import type { Image } from '../image/manifest.js';
import type { Report } from '../progress/events.js';
import { printable } from '../text/printable.js';
import type { CheckedImage, CheckOptions } from './limits.js';
import type { ObservedContext } from './read/observed-context.js';

/** Rejects with LIMIT_EXCEEDED of kind limit. Its modules are loaded on use, so that a build starts no later. */
export function imageCheck(given: CheckOptions): ImageCheck {
  const options = { ...given, report: withoutRepeats(given.report) };
  const hasLimits = given.limits !== undefined;
  let observed: ObservedContext | undefined;
  return {
    hasLimits,
    async observe(request) {
      // The layers and sizes that limits count are those of the image itself.
      if (hasLimits) return undefined;
      const { ObservedContext } = await import('./read/observed-context.js');
      return (observed = new ObservedContext(request));
    },
    async assembled(system) {
      const { inspectAssembled } = await import('./read/read-assembled.js');
      await finish(await inspectAssembled(system, options), options);
    },
    async needsContent(head) {
      if (options.limits?.maxWaste !== undefined) return true;
      const { ContentProbe } = await import('./probe/content-probe.js');
      const probe = new ContentProbe();
      probe.begin('/', Infinity);
      probe.data(head);
      return !probe.satisfied;
    },
    async stored(image) {
      const known = await observed?.inspect(image.platform, options);
      if (known !== undefined) return finish(known, options);
      const { inspectStored } = await import('./read/read-stored.js');
      await finish(await inspectStored(image, options), options);
    },
    async pushed(open) {
      const { inspectPushed } = await import('./read/read-stored.js');
      const known = (image: Image): Promise<CheckedImage | undefined> | undefined =>
        observed?.inspect(image.config, options);
      await finish(await inspectPushed(open, known, options), { ...options, limits: undefined });
    },
  };
}

/** Reports each finding once: the images of several platforms mostly have the same. */
function withoutRepeats(report: Report): Report {
  const reported = new Set<string>();
  return (event) => {
    if (event.kind === 'finding') {
      const text = JSON.stringify(event);
      if (reported.has(text)) return;
      reported.add(text);
    }
    report(event);
  };
}

async function finish(
  image: CheckedImage | undefined,
  { limits, findings, report }: CheckOptions,
): Promise<void> {
  if (image === undefined) return;
  for (const finding of findings ? image.findings : [])
    if (finding.severity !== 'info')
      report({ kind: 'finding', ...finding, path: finding.path && printable(finding.path) });
  if (limits === undefined) return;
  const { limitError, limitViolations, violationLines } = await import('./limits.js');
  const violations = limitViolations(image, limits);
  if (violations.length === 0) return;
  for (const message of violationLines(violations)) report({ kind: 'notice', message });
  throw limitError(image.target, violations);
}
