/**
 * `npm run bench`: this tool side by side with its peers, as medians and ratios of one run.
 * `--runs N` (7), `--engine DOCKER_HOST --docker CLI` for the rows with an engine, `--crane CLI`,
 * `--only filter`, `--only images`, `--only inspect`, `--only builders` or `--only buildkit` for a part of them; `--base IMAGE`,
 * which the engine has, with a busybox, for builders; `--builder NAME` of buildx for the rows with BuildKit.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureBuilders } from './builders.js';
import { measureBuildkit } from './buildkit.js';
import { MIB, writeContext } from './contexts.js';
import { measureImages } from './images.js';
import { measureInspect } from './inspect.js';
import { peakMemory, sideBySide } from './measure.js';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '7' },
    engine: { type: 'string' },
    docker: { type: 'string', default: 'docker' },
    crane: { type: 'string', default: 'crane' },
    only: { type: 'string' },
    builder: { type: 'string' },
    base: { type: 'string', default: 'dockerception-base:latest' },
  },
});
const runs = Number(options['runs']);
/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const node = process.execPath;
const tool = `${node} ${here('../bin/dockerception.js')}`;
const folder = mkdtempSync(join(os.tmpdir(), 'dockerception-bench-'));
/** @type {string[][]} */
const rows = [];

/** @param {string} work @param {number} value @param {number} limit @param {string} unit */
function row(work, value, limit, unit = '') {
  const shown = unit === '' ? `${value.toFixed(2)} times` : `${value.toFixed(0)} ${unit}`;
  rows.push([
    work,
    shown,
    unit === '' ? `${limit} times` : `${limit} ${unit}`,
    value <= limit ? 'yes' : 'NO',
  ]);
  console.error(`${work}: ${shown}`);
}

/** @param {string} name */
function has(name) {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' });
    return true;
  } catch {
    console.error(`bench: no ${name} here: its row is left out`);
    return false;
  }
}

/** Contexts through the filter, and to an engine. @param {string} large @param {string} small */
async function measureFilter(large, small) {
  /** @param {string} tar @param {string} command */
  const piped = (tar, command) => `cat ${tar} | ${command} | cat > /dev/null`;
  const bsdtar = has('bsdtar');
  const seen = await sideBySide(
    {
      cat: piped(large, 'cat'),
      ...(bsdtar && { bsdtar: piped(large, 'bsdtar -cf - @-') }),
      own: piped(large, `${tool} filter`),
    },
    runs,
  );
  row(
    `1 GiB in two files, against cat (${seen('cat').toFixed(2)} s)`,
    seen('own') / seen('cat'),
    2,
  );
  if (bsdtar)
    row(
      `1 GiB in two files, against bsdtar (${seen('bsdtar').toFixed(2)} s)`,
      seen('own') / seen('bsdtar'),
      1.25,
    );
  const files = await sideBySide(
    {
      ...(bsdtar && { bsdtar: piped(small, 'bsdtar -cf - @-') }),
      tarStream: piped(small, `${node} ${here('peers/tar-stream.js')}`),
      own: piped(small, `${tool} filter`),
    },
    runs,
  );
  if (bsdtar)
    row(
      `50,000 small files, against bsdtar (${files('bsdtar').toFixed(2)} s)`,
      files('own') / files('bsdtar'),
      1.3,
    );
  row(
    `50,000 small files, against tar-stream (${files('tarStream').toFixed(2)} s)`,
    files('own') / files('tarStream'),
    0.25,
  );
  for (const gib of [1, 8]) {
    const bytes = await peakMemory(
      [here('endless.js'), String(gib)],
      [here('../bin/dockerception.js'), 'filter'],
    );
    row(`peak memory of filter, ${gib} GiB`, bytes / 1e6, 80, 'MB');
  }
  const start = await sideBySide({ node: `${node} -e 0`, own: `${tool} --version` }, 4 * runs);
  row(
    `--version against node -e 0 (${(start('node') * 1000).toFixed(0)} ms)`,
    start('own') / start('node'),
    1.5,
  );
  if (options['engine']) {
    const env = { ...process.env, DOCKER_HOST: String(options['engine']) };
    const builds = await sideBySide(
      {
        docker: `${String(options['docker'])} build --no-cache -q -t dockerception-bench - < ${small}`,
        own: `${tool} --no-cache -q -t dockerception-bench < ${small}`,
      },
      Math.max(3, runs >> 1),
      env,
    );
    row(
      `build, against docker build -q (${builds('docker').toFixed(2)} s)`,
      builds('own') / builds('docker'),
      1.05,
    );
  }
}

try {
  const [large, small] = [join(folder, 'large.tar'), join(folder, 'small.tar')];
  await writeContext(large, 2, () => 512 * MIB);
  await writeContext(small, 50_000, (index) => 1000 + ((index * 7919) % 1720));
  const wants = (/** @type {string} */ part) => (options['only'] ?? part) === part;
  if (wants('filter')) await measureFilter(large, small);
  if (wants('builders') && options['engine'])
    await measureBuilders({
      folder,
      runs,
      docker: String(options['docker']),
      engine: String(options['engine']),
      base: String(options['base']),
      row,
    });
  if (wants('buildkit') && options['builder'])
    await measureBuildkit({
      folder,
      runs,
      docker: String(options['docker']),
      builder: String(options['builder']),
      row,
    });
  if (wants('inspect')) await measureInspect({ folder, runs, row });
  if (wants('images'))
    await measureImages({
      folder,
      large,
      small,
      runs,
      docker: String(options['docker']),
      engine: String(options['engine'] ?? ''),
      crane: String(options['crane']),
      has,
      row,
    });
} finally {
  rmSync(folder, { recursive: true });
}

const cpu = os.cpus()[0]?.model ?? 'unknown';
console.log(
  `${cpu}, ${os.cpus().length} cores, Node ${process.versions.node}, medians of ${runs} runs\n`,
);
console.log('| work | this run | at most | reached |\n| --- | --- | --- | --- |');
for (const cells of rows) console.log(`| ${cells.join(' | ')} |`);
