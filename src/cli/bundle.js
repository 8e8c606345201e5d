/**
 * Bundles the command line into one file: loading a hundred modules takes Node longer than building a small image.
 * Modules that are imported dynamically are in it too, and are evaluated when they are needed. A second bundle, a third
 * of the size, has what `filter` needs without a builder. Both are CommonJS, which Node loads faster.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { pack } from 'tar-stream';

/** For a single executable, which has no packages beside it: the folder of its bundles. */
const [ownFolder] = process.argv.slice(2);
const target = ownFolder ?? fileURLToPath(new URL('../../dist/bin/', import.meta.url));
const source = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));

/** Modules of Node that take long to load, or load such ones. */
const LARGE =
  /^node:(child_process|crypto|fs\/promises|https?|http2|net|os|stream\/.*|tls|tty|v8|vm|worker_threads|zlib)$/;

/** Members that modules of Node have in later versions than the one that bundles. */
const LATER = ['createZstdCompress', 'createZstdDecompress'];

/**
 * Loads the large modules of Node when one of their members is first used, not with the modules that import them.
 * @type {import('esbuild').Plugin}
 */
const lateModules = {
  name: 'late-modules',
  setup(bundle) {
    bundle.onResolve({ filter: LARGE }, ({ path, namespace }) =>
      namespace === 'late' ? { path, external: true } : { path, namespace: 'late' },
    );
    bundle.onLoad({ filter: LARGE, namespace: 'late' }, ({ path }) => {
      const present = Object.keys(/** @type {object} */ (process.getBuiltinModule(path)));
      const later = path === 'node:zlib' ? LATER : [];
      const names = JSON.stringify([...new Set([...present, ...later])]);
      const late = `{ enumerable: true, get: () => require('${path}')[name] }`;
      return {
        contents: `for (const name of ${names}) Object.defineProperty(exports, name, ${late});`,
      };
    });
  },
};

/** @type {import('esbuild').BuildOptions} */
const options = {
  outdir: target,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  // `vm.Script` has no `import()`.
  supported: { 'dynamic-import': false },
  // Native parts of ssh2, which it does without.
  ...(ownFolder ? { external: ['cpu-features', '*.node'] } : { packages: 'external' }),
  legalComments: 'none',
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
  plugins: [lateModules],
  define: { 'import.meta.url': 'fileUrl' },
  // `new URL(path, fileUrl)` is rare, and converts it to a string.
  banner: {
    js: "const fileUrl={toString:()=>require('node:url').pathToFileURL(__filename).href};",
  },
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
  external: [
    ...['build.ts', 'completion/complete.ts', 'completion/scripts.ts', 'doctor.ts', 'inspect.ts'],
    'plugin/install.ts',
    '../builder/builder.ts',
  ].map(source),
});
writeFileSync(`${target}package.json`, '{ "type": "commonjs" }\n');
for (const name of ['main', 'filter'])
  writeFileSync(
    `${target}${name}.d.ts`,
    'export function main(argv: readonly string[]): Promise<number>;\n',
  );

// V8's compiled code, for the version of Node that builds: without it, a tenth of the time of a small context is compilation.
const folder = mkdtempSync(join(tmpdir(), 'dockerception-bundle-'));
try {
  const tar = pack();
  tar.entry({ name: 'Dockerfile' }, 'FROM scratch\nCOPY . /\n');
  tar.finalize();
  writeFileSync(join(folder, 'context.tar'), await buffer(tar));
  storeCode(folder, 'filter', 'filter');
  storeCode(folder, 'main', '--engine embedded -q -o app.tar -', 'inspect app.tar');
} finally {
  rmSync(folder, { recursive: true });
}

/** @param {string} cwd with context.tar @param {string} name of the bundle @param {string[]} commands */
function storeCode(cwd, name, ...commands) {
  const cache = `${target}${name}.${process.versions.v8}.${process.arch}.cache`;
  const operands = [`${target}${name}.js`, cache, ...commands];
  const program = [process.execPath, source('code-cache.js'), ...operands];
  // Between pipes, as most commands.
  const script = 'cat context.tar | "$@" | cat > /dev/null';
  const env = { PATH: process.env['PATH'], HOME: cwd };
  execFileSync('sh', ['-c', script, 'sh', ...program], { cwd, env, stdio: 'inherit' });
  if (!existsSync(cache)) throw new Error(`storing the compiled code of ${name}`);
}
