/**
 * Puts the command line into few files: to load a hundred modules takes Node longer than a small image
 * takes to build. What an option alone needs stays apart, in `parts/`.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const target = fileURLToPath(new URL('../../dist/bin/', import.meta.url));
const source = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));

rmSync(target, { recursive: true, force: true });
await build({
  entryPoints: {
    main: source('main.ts'),
    // Threads are started from files beside the parts that start them.
    'parts/hash-thread': source('../image/hash-thread.js'),
    'parts/deflate-thread': source('../compression/deflate-thread.js'),
  },
  outdir: target,
  // As deep as the modules are: some find files from where they are.
  chunkNames: 'parts/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
});
// Its types are those of the module that it was made from.
writeFileSync(`${target}/main.d.ts`, "export { main } from '../cli/main.js';\n");
