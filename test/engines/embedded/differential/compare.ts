/** Two outcomes of one case, held against each other. */
import { expect } from 'vitest';
import type { Outcome } from './buildkit.js';
import type { Case, Difference } from './case.js';
import type { Image } from './image.js';

/** That BuildKit still does what the case says of it. */
export function expectTheirs({ refused }: Case, theirs: Outcome): void {
  if (refused === undefined) imagesOf(theirs);
  else if (typeof refused === 'string') expect(messageOf(theirs)).toContain(refused);
  else expect(messageOf(theirs)).toMatch(refused);
}

/** That both made the same, or both refused. */
export function expectTheSame(ours: Outcome, theirs: Outcome): void {
  if ('refused' in theirs) messageOf(ours);
  else expect(imagesOf(ours)).toEqual(imagesOf(theirs));
}

/** That they differ as the case says, and no otherwise. */
export function expectDifference(differs: Difference, ours: Outcome, theirs: Outcome): void {
  const { refused, files = {}, config = {} } = differs;
  if (refused !== undefined) {
    imagesOf(theirs);
    expect(messageOf(ours)).toMatch(refused);
    return;
  }
  const made = imagesOf(ours);
  if ('refused' in theirs) {
    expect(made[0]).toMatchObject({ files, config });
    return;
  }
  const wanted = theirs.images.map((their): Image => ({
    config: defined({ ...their.config, ...config }),
    files: defined({ ...their.files, ...files }),
  }));
  expect(made).toEqual(wanted);
  expect(made, 'it does not differ any more').not.toEqual(theirs.images);
}

function imagesOf(outcome: Outcome): readonly Image[] {
  if ('images' in outcome) return outcome.images;
  throw new Error(`refused: ${outcome.refused}`);
}

function messageOf(outcome: Outcome): string {
  if ('refused' in outcome) return outcome.refused;
  throw new Error(`not refused, but built: ${JSON.stringify(outcome.images, undefined, 1)}`);
}

function defined<T>(record: Readonly<Record<string, T | undefined>>): Record<string, T> {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, T>;
}
