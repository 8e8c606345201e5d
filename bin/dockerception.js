#!/usr/bin/env node
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { getRawAsset, isSea } = require('node:sea');
const { Script } = require('node:vm');

/** @typedef {typeof import('../dist/bin/main.js')} Bundle */

const args = process.argv.slice(2);
// Docker starts its plugins by their names.
const program = path.basename(isSea() ? process.argv0 : (process.argv[1] ?? ''));
if (program === 'docker-ception') args.unshift(program);
const words = args[0] === 'docker-ception' ? args.slice(args[1] === 'ception' ? 2 : 1) : args;
// Without a builder, `filter` has a smaller bundle, which starts faster, as the plugin's metadata do.
const isSmall =
  /^(?:filter|docker-cli-plugin-metadata)$/.test(words[0] ?? '') &&
  !words.some((text) => text.startsWith('--from'));
try {
  const { main } = load(isSmall ? 'filter' : 'main');
  void main(args).then((code) => {
    process.exitCode = code;
  });
  // Otherwise Node frees its heap first, and a signal in that time would change the exit code.
  process.once('beforeExit', () => process.exit());
} catch (error) {
  // The program itself could not be loaded.
  process.stderr.write(
    `dockerception: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
}

/**
 * Loads a bundle, with the code that V8 compiled when it was built (src/cli/code-cache.js), unless this V8 is another or
 * has other flags.
 * @param {string} name
 */
function load(name) {
  const folder = path.join(__dirname, '../dist/bin');
  const filename = path.join(folder, `${name}.js`);
  let cachedData;
  try {
    cachedData = read(folder, `${name}.${process.versions.v8}.${process.arch}.cache`);
  } catch {
    // It was built by another version of Node.
  }
  const script = new Script(Module.wrap(String(read(folder, `${name}.js`))), {
    filename,
    cachedData,
  });
  const bundle = { exports: {} };
  /** @type {unknown} */
  const run = script.runInThisContext();
  if (typeof run === 'function')
    Reflect.apply(run, undefined, [bundle.exports, require, bundle, filename, folder]);
  return /** @type {Bundle} */ (bundle.exports);
}

/**
 * Reads a file of the program, which a single executable has inside (src/cli/binary.js).
 * @param {string} folder
 * @param {string} name
 */
function read(folder, name) {
  return isSea()
    ? Buffer.from(/** @type {ArrayBuffer} */ (getRawAsset(name)))
    : readFileSync(path.join(folder, name));
}
