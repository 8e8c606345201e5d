/** Bundles the page's client: client/main.ts and client/page.css into dist, one file each. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = new URL('.', import.meta.url);
const licence = new URL('../LICENSE', import.meta.resolve('d3-hierarchy'));

/**
 * Leaves out the methods of trees, which the page doesn't use: esbuild keeps code with assignments to a prototype.
 * @type {import('esbuild').Plugin}
 */
const layoutAlone = {
  name: 'layout-alone',
  setup(bundle) {
    bundle.onLoad({ filter: /d3-hierarchy\.mjs$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(/^(?=\S+\.prototype = )/gm, 'if (false) '),
    }));
  },
};

await build({
  entryPoints: ['client/main.ts', 'client/page.css'].map((file) => ({
    in: fileURLToPath(new URL(file, here)),
    out: 'client',
  })),
  outdir: fileURLToPath(new URL('../../dist/page', here)),
  bundle: true,
  minify: true,
  charset: 'utf8',
  format: 'iife',
  target: ['chrome123', 'firefox120', 'safari17.5'],
  legalComments: 'none',
  // The page contains the library, so it has to contain its licence.
  banner: { js: `/*! d3-hierarchy\n\n${readFileSync(licence, 'utf8').trimEnd()}\n*/` },
  logLevel: 'warning',
  plugins: [layoutAlone],
});
