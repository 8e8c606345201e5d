import { defineConfig } from 'vitest/config';

/** Hostile inputs by the thousand or the gigabyte: `npm run test:long` alone has them. */
export const long = [
  'test/mutation/*.test.ts',
  'test/inspect/**/bombs.test.ts',
  'test/inspect/**/deep.test.ts',
  'test/text/linear-time.test.ts',
];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/environment.ts'],
    exclude: ['test/engines/**', 'node_modules/**', ...long],
    // Vitest leaves a processor free; the tests wait for processes of their own more than they compute.
    maxWorkers: '100%',
    // To load the modules again for each file takes longer than the tests of most files.
    isolate: false,
    provide: { long: false },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
