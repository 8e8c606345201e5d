import { defineConfig } from 'vitest/config';
import base, { long } from './vitest.config.js';

// Long tests, and files whose every test is one property of many inputs: `npm test` checks it for fewer.
export default defineConfig({
  test: {
    ...base.test,
    include: [
      ...long,
      'test/cli/outputs/leftovers.test.ts',
      'test/corpus/cuts.test.ts',
      'test/compression/damage.test.ts',
      'test/property/*.test.ts',
    ],
    exclude: [],
    isolate: true,
    provide: { long: true },
    testTimeout: 600_000,
  },
});
