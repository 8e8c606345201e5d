/** A stand-in until there are findings. */
import type { Entry } from '../entry.js';
import type { Finding } from '../finding.js';
import type { ImageFacts } from '../inspection.js';

export function findingsOf(subject: {
  readonly kind: 'image' | 'context';
  readonly root: Entry;
  readonly image?: ImageFacts;
}): Finding[] {
  void subject;
  return [];
}

export function cannotStart(id: string): boolean {
  void id;
  return false;
}
