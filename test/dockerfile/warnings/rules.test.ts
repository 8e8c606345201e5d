import { describe, expect, it } from 'vitest';
import { undefinedVariable } from '../../../src/dockerfile/warnings/rules.js';

const names = (count: number, length: number): ReadonlyMap<string, string> =>
  new Map(Array.from({ length: count }, (_, index) => [`${index}`.padStart(length, 'A'), '']));

describe('an undefined variable', () => {
  it('is compared with 1,000 others by up to 64 characters, and not with more', () => {
    const near = `${'A'.repeat(63)}0`;
    expect(undefinedVariable('A'.repeat(64), names(1000, 64))).toBe(
      `Usage of undefined variable '$${'A'.repeat(64)}' (did you mean $${near}?)`,
    );
    for (const [count, length] of [
      [1001, 64],
      [1000, 65],
    ] as const)
      expect(undefinedVariable('A'.repeat(length), names(count, length))).toBe(
        `Usage of undefined variable '$${'A'.repeat(length)}'`,
      );
  });
});
