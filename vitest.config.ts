import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/environment.ts'],
    exclude: ['test/engines/**', 'node_modules/**'],
    // Vitest leaves a processor free; the tests wait for processes of their own more than they compute.
    maxWorkers: '100%',
    provide: { long: false },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
