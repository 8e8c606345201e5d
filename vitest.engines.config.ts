import { defineConfig } from 'vitest/config';

// Real engines, one test after the other: they share image stores and this machine's processors.
export default defineConfig({
  test: {
    include: ['test/engines/**/*.test.ts'],
    setupFiles: ['test/support/environment.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
  },
});
