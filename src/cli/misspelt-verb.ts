/** A verb with a typo in it: without one the word is taken for a context, which isn't there. */
import { existsSync } from 'node:fs';
import { usage, VERBS } from './parse.js';

/** Throws USAGE when the first word is near a verb, and nothing else. */
export async function refuseMisspeltVerb([word = '-']: readonly string[]): Promise<void> {
  if (word === '-' || existsSync(word)) return;
  const { nearest } = await import('../text/suggest.js');
  const verb = nearest(word, VERBS);
  if (verb === undefined) return;
  throw usage(`${word} is neither a verb nor a context that is there`, `did you mean ${verb}?`);
}
