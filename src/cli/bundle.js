/**
 * Bundles the command line into one file: loading a hundred modules takes Node longer than building a small image.
 * Modules that are imported dynamically are in it too, and are evaluated when they are needed. A second bundle, a third
 * of the size, has what `filter` needs without a builder.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const target = fileURLToPath(new URL('../../dist/bin/', import.meta.url));
const source = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));

/** @type {import('esbuild').BuildOptions} */
const options = {
  outdir: target,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  legalComments: 'none',
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
};

rmSync(target, { recursive: true, force: true });
await build({
  ...options,
  entryPoints: {
    main: source('main.ts'),
    // Threads are started from files of their own.
    'hash-thread': source('../image/hash-thread.js'),
    'deflate-thread': source('../compression/deflate-thread.js'),
  },
});
await build({
  ...options,
  entryPoints: { filter: source('main.ts') },
  external: ['build.ts', 'inspect.ts', '../builder/builder.ts'].map(source),
});
// Their types are those of the module that they are built from.
for (const name of ['main', 'filter'])
  writeFileSync(`${target}/${name}.d.ts`, "export { main } from '../cli/main.js';\n");
