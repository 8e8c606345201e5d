/**
 * Makes single executables of the version of Node that runs this (Node.js, "Single executable applications"), as
 * `dist/dockerception-PLATFORM`: `node binary.js PLATFORM…`, by default linux-x64. Node itself comes from its npm package. V8's
 * compiled code is left out for another architecture.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'postject';

const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const root = fileURLToPath(new URL('../../', import.meta.url));
const platforms = process.argv.length > 2 ? process.argv.slice(2) : ['linux-x64'];
const folder = mkdtempSync(join(tmpdir(), 'dockerception-binary-'));
try {
  const bundles = join(folder, 'bundles/');
  run(process.execPath, join(root, 'src/cli/bundle.js'), bundles);
  const blob = writeBlob(bundles);
  for (const platform of platforms) {
    const target = join(root, `dist/dockerception-${platform}`);
    const executable = join(folder, platform);
    copyFileSync(nodeOf(platform), executable);
    await inject(executable, 'NODE_SEA_BLOB', blob, { sentinelFuse: FUSE });
    chmodSync(executable, 0o755);
    // A running one cannot be written.
    const temporary = `${target}.${process.pid}`;
    copyFileSync(executable, temporary);
    renameSync(temporary, target);
    process.stdout.write(`${target}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** The program and its files, as the executable has them. @param {string} bundles */
function writeBlob(bundles) {
  const files = readdirSync(bundles).filter((name) => /\.(?:js|cache)$/.test(name));
  const assets = Object.fromEntries(files.map((name) => [name, join(bundles, name)]));
  for (const name of ['client.js', 'client.css']) assets[name] = join(root, 'dist/page', name);
  assets['package.json'] = join(root, 'package.json');
  const output = join(folder, 'blob');
  const main = join(root, 'bin/dockerception.js');
  const config = { main, output, assets, disableExperimentalSEAWarning: true };
  writeFileSync(join(folder, 'sea.json'), JSON.stringify(config));
  run(process.execPath, '--experimental-sea-config', join(folder, 'sea.json'));
  return readFileSync(output);
}

/** Node for a platform. @param {string} platform */
function nodeOf(platform) {
  const name = `node-${platform}`;
  run(
    'npm',
    'install',
    '--prefix',
    folder,
    '--no-save',
    '--force',
    '--ignore-scripts',
    `${name}@${process.versions.node}`,
  );
  return join(folder, 'node_modules', name, 'bin/node');
}

/** @param {string} program @param {string[]} args */
function run(program, ...args) {
  execFileSync(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
}
