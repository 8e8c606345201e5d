import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { github } from './vitest.config.js';

const settings = {
  setupFiles: ['test/support/environment.ts'],
  testTimeout: 180_000,
  hookTimeout: 180_000,
  server: github.server,
};

/** Tests that measure time or memory, or install the package. */
const alone = [
  'test/engines/**/scale.test.ts',
  'test/engines/soak/soak.test.ts',
  'test/engines/cli/terminal.test.ts',
  'test/engines/samples/ci.test.ts',
];

/** The files that take longest. They start first, so that none runs on when all others have ended. */
const LONGEST = [
  'pipe',
  'embedded/differential/differential',
  'docker/name-last',
  'embedded/differential/random',
  'builder/from',
  'ignore',
  'tar/readers',
  'page/page',
  'docker/options',
  'buildkit/equal',
  'readme',
  'install/npm',
  'install/release',
].map((name) => `/test/engines/${name}.test.ts`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      LONGEST.some((name) => moduleId.endsWith(name));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

// With more files at a time, tests fail on images and processes that others make and remove at the same time.
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        plugins: github.plugins,
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
        plugins: github.plugins,
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
