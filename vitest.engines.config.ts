import { defineConfig } from 'vitest/config';

const settings = {
  setupFiles: ['test/support/environment.ts'],
  testTimeout: 180_000,
  hookTimeout: 180_000,
};

/** Tests that measure time or memory, or use names of images that others use, too. */
const alone = [
  'test/engines/**/scale.test.ts',
  'test/engines/cli/terminal.test.ts',
  'test/engines/readme.test.ts',
  'test/engines/samples/*.test.ts',
];

// Real engines: the tests wait for them more than they compute, so that two files run at a time.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...settings,
          name: 'engines',
          include: ['test/engines/**/*.test.ts'],
          exclude: alone,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...settings,
          name: 'alone',
          include: alone,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
