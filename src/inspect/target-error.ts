/** What readers of images say, as said of a target. */
import { DockerceptionError } from '../errors.js';
import type { Target } from './target.js';
import { shellQuote } from './text/shell-quote.js';

/** Nothing is built here: what is wrong with an image is wrong with the target. */
export function ofTarget(error: unknown, target: Target): unknown {
  if (!(error instanceof DockerceptionError)) return error;
  const { code } = error;
  const hint = code === 'IMAGE_AMBIGUOUS' ? choosing(error.hint, target) : error.hint;
  const isUsage = error.kind !== 'build' || /^(?:PLATFORM_UNKNOWN|REGISTRY_NOT_FOUND)$/.test(code);
  if (error.kind !== 'build' && hint === error.hint) return error;
  return error.with({ kind: isUsage ? 'usage' : 'context', hint });
}

/** Only a place with a scheme can be followed by a name. */
function choosing(names: string | undefined, target: Target): string | undefined {
  if (names === undefined || target.kind === 'image-file') return names;
  const how = names.includes('behind an @') ? '@DIGEST' : ':NAME';
  switch (target.kind) {
    case 'file':
      return `${names}, as in ${shellQuote(`oci-archive://${target.path}`)}${how}`;
    case 'layout':
      return `${names}, as in ${shellQuote(`oci-layout://${target.path}`)}${how}`;
    default:
      return `write it to FILE, and ${names}, as in oci-archive://FILE${how}`;
  }
}
