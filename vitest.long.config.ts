import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

// Files whose every test is one property of many inputs: `npm test` has it of fewer.
export default defineConfig({
  test: {
    ...base.test,
    include: [
      'test/mutation/*.test.ts',
      'test/corpus/cuts.test.ts',
      'test/compression/damage.test.ts',
      'test/property/*.test.ts',
    ],
    provide: { long: true },
    testTimeout: 600_000,
  },
});
