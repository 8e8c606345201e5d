/** What bounds the bytes and the entries that are read. */
import { describe, expect, it } from 'vitest';
import { MemoryBudget, SizeBudget } from '../../../src/inspect/read/budgets.js';
import { inspected } from '../../support/inspect/scan.js';
import { header } from '../../support/write-tar.js';

const MiB = 1 << 20;

describe('The budget of bytes', () => {
  it('allows what is a little past the limit, and no more', () => {
    const budget = new SizeBudget(1000);
    budget.spend(200 * MiB, 200 * MiB);
    expect(() => budget.spend(0, 57 * MiB)).toThrow('`maxSize`');
    expect(() => new SizeBudget(1000).spend(300 * MiB, 0)).toThrow('`maxSize`');
    expect(() => new SizeBudget(1000).spend(0, Number.MAX_SAFE_INTEGER)).toThrow(
      '1.0 kB are allowed',
    );
  });

  it('without a limit allows everything', () => {
    expect(() => new SizeBudget().spend(Number.MAX_VALUE, Number.MAX_VALUE)).not.toThrow();
  });

  it('is used up by what a header announces', async () => {
    const body = Buffer.alloc(512);
    const huge = Buffer.concat([header({ name: 'a', size: 8 ** 11 - 1 }), body]);
    await expect(inspected(huge, { maxSize: 1 })).rejects.toMatchObject({ kind: 'limit' });
  });
});

describe('The budget of memory', () => {
  it('ends when the entries exceed it', () => {
    const memory = new MemoryBudget(10_000);
    const taken = [memory.reserve(0), memory.reserve(100), memory.reserve(1000)];
    expect(() => memory.reserve(3000)).toThrow('there is no memory for more entries');
    memory.release(taken[2] as number);
    expect(() => memory.reserve(2500)).not.toThrow();
  });
});
