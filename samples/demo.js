#!/usr/bin/env node
/**
 * `npm run demo`: a builder's stream becomes an image archive, with Node alone: `demo.tar` in the current
 * folder. Where an engine answers, the image is loaded and run there too.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const dockerception = here('../bin/dockerception.js');

/**
 * Shows a command as a shell would be given it, and runs it.
 * @param {string} shown @param {string[]} args @param {Buffer} [input]
 */
function step(shown, args, input) {
  console.log(`\n$ ${shown}`);
  const options = { input, maxBuffer: 1 << 26 };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  process.stderr.write(stderr);
  if (status !== 0) process.exitCode = status ?? 1;
  return { status, stdout };
}

/** @param {Buffer} text */
const show = (text) =>
  process.stdout.write(text.toString().replaceAll(/^/gm, '  ').trimEnd() + '\n');

console.log('A builder writes a tar with a Dockerfile and a static binary to its standard output:');
const built = step('node builder.js > context.tar', [here('hello/builder.js')]);
show(spawnSync(process.execPath, [here('list.js')], { input: built.stdout }).stdout);

console.log('\nIts owner is no one in particular. As an image, with no engine:');
const image = step(
  'dockerception -t dockerception-demo -o demo.tar < context.tar',
  [dockerception, '-t', 'dockerception-demo', '-o', 'demo.tar'],
  built.stdout,
);
if (image.status === 0) {
  console.log('\nWhat is in it: the binary alone, and its owner is 0:0.');
  for (const options of [['--list'], []]) {
    const words = ['inspect', ...options, 'demo.tar'];
    show(step(['dockerception', ...words].join(' '), [dockerception, ...words]).stdout);
  }
  runIt();
}

/** Where there is a docker command, and an engine behind it. */
function runIt() {
  const docker = (/** @type {string[]} */ args, /** @type {Buffer} */ input) =>
    spawnSync('docker', args, { input, encoding: 'utf8' });
  const archive = readFileSync('demo.tar');
  if (docker(['version'], Buffer.alloc(0)).status !== 0) {
    console.log('\nWherever there is an engine: docker load < demo.tar, or podman load < demo.tar');
    return;
  }
  console.log('\n$ docker load < demo.tar && docker run --rm dockerception-demo');
  const loaded = docker(['load'], archive);
  const ran = docker(['run', '--rm', 'dockerception-demo'], Buffer.alloc(0));
  process.stdout.write(`${loaded.stdout}${ran.stdout}`);
  process.stderr.write(`${loaded.stderr}${ran.stderr}`);
  process.exitCode = loaded.status || ran.status || 0;
}
