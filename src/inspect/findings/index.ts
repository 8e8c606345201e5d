/** A stand-in until there are findings. */
import type { ImageConfig } from '../../image/config.js';
import type { Entry } from '../entry.js';
import type { Finding } from '../finding.js';

export interface Subject {
  readonly kind: 'image' | 'context';
  readonly root: Entry;
  readonly image?:
    { readonly config: Pick<ImageConfig, 'os' | 'architecture' | 'config'> } | undefined;
}

export async function findingsOf(subject: Subject): Promise<Finding[]> {
  void subject;
  return Promise.resolve([]);
}

export function cannotStart(id: string): boolean {
  void id;
  return false;
}
