/** The embedded engine and its compression, side by side with what else makes an image. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MIB, random, writeContext } from './contexts.js';
import { peakBehind, sideBySide } from './measure.js';

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const node = process.execPath;
const program = here('../bin/dockerception.js');

/**
 * @typedef {object} Bench
 * @property {string} folder for files; it is removed at the end
 * @property {string} large a context of 1 GiB in two files
 * @property {string} small a context of 50,000 files
 * @property {number} runs
 * @property {string} docker the CLI, with the engine of `engine`
 * @property {string} engine a DOCKER_HOST with BuildKit; empty for none
 * @property {string} crane
 * @property {(name: string) => boolean} has
 * @property {(work: string, value: number, limit: number, unit?: string) => void} row
 */

/** @param {Bench} bench */
export async function measureImages(bench) {
  await measureCompression(bench);
  await measureBuilds(bench);
  await measureAppend(bench);
  await measureMemory(bench);
}

/** How often the source tree is compressed in one run. */
const COPIES = 6;

/** Data through the compressor alone. @param {Bench} bench */
async function measureCompression({ folder, runs, has, row }) {
  if (!has('pigz')) return;
  const threads = os.availableParallelism();
  const sources = join(folder, 'sources.tar');
  // Several times over: otherwise it is Node's start that is measured, beside a program's in C.
  const pack = `tar -C ${here('..')} -cf ${folder}/once.tar node_modules`;
  const copies = Array.from({ length: COPIES }, () => `${folder}/once.tar`).join(' ');
  execFileSync('sh', ['-c', `${pack} && cat ${copies} > ${sources} && rm ${folder}/once.tar`]);
  for (const level of [1, 2, 6]) {
    const seen = await sideBySide(
      {
        pigz: `pigz -${level} -p ${threads} < ${sources} > ${folder}/pigz.gz`,
        own: `${node} ${here('gzip.js')} ${level} ${threads} < ${sources} > ${folder}/own.gz`,
      },
      runs,
    );
    row(
      `gzip -${level} of a source tree alone, against pigz (${seen('pigz').toFixed(2)} s)`,
      seen('own') / seen('pigz'),
      1.2,
    );
  }
}

/** Contexts on a pipe, and an image at the end. @param {Bench} bench */
async function measureBuilds({ folder, small, runs, docker, engine, has, row }) {
  const builds = Math.max(3, runs >> 1);
  const env = { ...process.env, ...(engine && { DOCKER_HOST: engine }) };
  const built = `${docker} build --no-cache -q -t dockerception-bench -`;
  const archive = join(folder, 'bud.tar');
  const storage = `--root ${folder}/buildah --runroot ${folder}/buildah-run --storage-driver vfs`;
  const buildah = has('buildah');
  const seen = await sideBySide(
    {
      own: embedded(small, folder),
      ...(engine && { docker: `cat ${small} | ${built}` }),
      ...(buildah && {
        buildah:
          `cat ${small} | buildah ${storage} bud --no-cache -q -t bench - && ` +
          `buildah ${storage} push -q bench oci-archive:${archive}:bench; ` +
          `status=$?; rm -f ${archive}; exit $status`,
      }),
    },
    builds,
    env,
  );
  for (const [peer, limit] of /** @type {const} */ ([
    ['docker', 0.25],
    ['buildah', 0.1],
  ])) {
    if (peer === 'docker' ? !engine : !buildah) continue;
    row(
      `50,000 small files to an archive, against ${peer} (${seen(peer).toFixed(2)} s)`,
      seen('own') / seen(peer),
      limit,
    );
  }
  if (buildah) execFileSync('buildah', [...storage.split(' '), 'rmi', '--all', '--force']);
  if (!engine) return;
  const file = join(folder, 'random.tar');
  await writeContext(file, 2, () => 512 * MIB, random);
  const large = await sideBySide(
    { own: embedded(file, folder, '--compression none'), docker: `cat ${file} | ${built}` },
    builds,
    env,
  );
  rmSync(file);
  row(
    `1 GiB of random bytes to an archive, not compressed, against docker (${large('docker').toFixed(2)} s)`,
    large('own') / large('docker'),
    0.2,
  );
}

/** Both contexts to an archive with compressed layers. @param {Bench} bench */
async function measureAppend({ folder, large, small, runs, crane, has, row }) {
  if (!has(crane)) return;
  for (const [name, file] of [
    ['50,000 small files', small],
    ['1 GiB in two files', large],
  ]) {
    const seen = await sideBySide(
      {
        crane: `${crane} append -f ${file} -t bench/bench:1 -o ${folder}/crane.tar 2> /dev/null`,
        own: embedded(String(file), folder),
      },
      runs,
    );
    row(
      `${name} to an archive, against crane append (${seen('crane').toFixed(2)} s)`,
      seen('own') / seen('crane'),
      1,
    );
  }
}

/** @param {Bench} bench */
async function measureMemory({ folder, small, row }) {
  const image = join(folder, 'image.tar');
  const args = [program, '--engine', 'embedded', '-q', '-t', 'bench', '-o', image];
  const endless = [node, here('endless.js')];
  for (const [work, producer, limit] of /** @type {const} */ ([
    ['50,000 small files', ['cat', small], 200],
    ['1,000,000 entries', [...endless, '0', '1000000'], 500],
    ['8 GiB in one file', [...endless, '8'], 150],
  ])) {
    const bytes = await peakBehind([...producer], args);
    row(`peak memory of an image, ${work}`, bytes / 1e6, limit, 'MB');
  }
  rmSync(image);
}

/** @param {string} context @param {string} folder */
function embedded(context, folder, options = '') {
  return `cat ${context} | ${node} ${program} --engine embedded -q -t bench -o ${folder}/image.tar ${options}`;
}
