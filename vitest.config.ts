import { readFile } from 'node:fs/promises';
import { defineConfig } from 'vitest/config';

/** Hostile inputs by the thousand or the gigabyte: `npm run test:long` alone has them. */
export const long = [
  'test/mutation/*.test.ts',
  'test/inspect/**/bombs.test.ts',
  'test/inspect/**/deep.test.ts',
  'test/text/linear-time.test.ts',
];

/** For GitHub's parser: it imports JSON without saying so, which Node refuses and Vite doesn't; it lacks the sources of its source maps. */
export const github = {
  server: { deps: { inline: [/@actions\//] } },
  plugins: [
    {
      name: 'without-source-maps',
      async load(id: string): Promise<string | undefined> {
        if (!/\/@actions\/.*\.js$/.test(id)) return undefined;
        return (await readFile(id, 'utf8')).replace(/^\/\/# sourceMappingURL=.*$/m, '');
      },
    },
  ],
};

export default defineConfig({
  plugins: github.plugins,
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/environment.ts'],
    exclude: ['test/engines/**', 'node_modules/**', ...long],
    // Vitest leaves a processor free; the tests wait for processes of their own more than they compute.
    maxWorkers: '100%',
    // To load the modules again for each file takes longer than the tests of most files.
    isolate: false,
    provide: { long: false },
    server: github.server,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
