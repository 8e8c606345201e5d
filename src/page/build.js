/** Bundles the page's client: client/main.ts and client/page.css into dist, one file each. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = new URL('.', import.meta.url);

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
  logLevel: 'warning',
});
