/** `inspect`, side by side with `zcat | tar t` over the same layers. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peakMemory, sideBySide } from './measure.js';

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const node = process.execPath;
const program = here('../bin/dockerception.js');

/** Bytes of files in all layers, at least. */
const ENOUGH = 500e6;

/**
 * @typedef {object} Bench
 * @property {string} folder for files; it is removed at the end
 * @property {number} runs
 * @property {(work: string, value: number, limit: number, unit?: string) => void} row
 */

/** @param {Bench} bench */
export async function measureInspect({ folder, runs, row }) {
  const archive = join(folder, 'inspected.tar');
  const layers = makeImage(folder, archive);
  const seen = await sideBySide(
    {
      tar: `for layer in ${layers.join(' ')}; do zcat $layer | tar t; done`,
      own: `${node} ${program} inspect ${archive}`,
    },
    runs,
  );
  row(
    `inspect of 500 MB in ${layers.length} layers, against zcat | tar t (${seen('tar').toFixed(2)} s)`,
    seen('own') / seen('tar'),
    1.5,
  );
  const many = join(folder, 'many.tar');
  const made = `${node} ${here('endless.js')} 0 100000 | ${node} ${program} --engine embedded --no-check -q -t many -o ${many}`;
  execFileSync('sh', ['-c', made], { stdio: ['ignore', 'ignore', 'inherit'] });
  for (const view of ['', '--json', `--html=${folder}/page.html`]) {
    const bytes = await peakMemory(
      ['-e', ''],
      [program, 'inspect', many, ...(view === '' ? [] : [view])],
    );
    const work = ['inspect', view.replace(/=.*/, '')].filter((word) => word !== '').join(' ');
    row(`peak memory of ${work}, 100,000 entries`, bytes / 1e6, 200, 'MB');
  }
}

/** Real trees, a layer each, until there is enough of them. @param {string} folder @param {string} archive */
function makeImage(folder, archive) {
  const context = join(folder, 'inspected');
  mkdirSync(context);
  const lines = ['FROM scratch'];
  let bytes = 0;
  for (let at = 0; bytes < ENOUGH; at++) {
    const name = join(context, String(at));
    if (at % 2 === 0) {
      cpSync(here('../node_modules'), name, { recursive: true, verbatimSymlinks: true });
    } else {
      mkdirSync(name);
      copyFileSync(node, join(name, 'node'));
    }
    bytes += sizeOf(name);
    lines.push(`COPY ${at} /${at}`);
  }
  writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  const options = ['--engine', 'embedded', '--no-check', '-q', '-t', 'inspected', '-o', archive];
  execFileSync(node, [program, ...options, context], { stdio: ['ignore', 'ignore', 'inherit'] });
  rmSync(context, { recursive: true });
  const layout = join(folder, 'layout');
  mkdirSync(layout);
  execFileSync('tar', ['-C', layout, '-xf', archive]);
  const blobs = join(layout, 'blobs/sha256');
  return readdirSync(blobs)
    .map((name) => join(blobs, name))
    .filter((path) => statSync(path).size > 1e6);
}

/** @param {string} folder @returns {number} */
function sizeOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
