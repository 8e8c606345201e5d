#!/usr/bin/env node
/**
 * `npm run demo`: a builder's stream becomes an image when an engine answers; without one, the
 * corrected stream is listed.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const node = process.execPath;

/** What the shell would be given, and what it does. @param {string} shown @param {string[]} args @param {Buffer} [input] */
function step(shown, args, input) {
  console.log(`\n$ ${shown}`);
  const { status, stdout, stderr } = spawnSync(node, args, { input, maxBuffer: 1 << 26 });
  process.stderr.write(stderr);
  return { status, stdout };
}

/** @param {Buffer} tar */
const list = (tar) => {
  const { stdout } = spawnSync(node, [here('list.js')], { input: tar });
  process.stdout.write(stdout);
};

console.log('A builder writes a tar with a Dockerfile and a static binary to its standard output:');
const built = step('node samples/hello/builder.js > context.tar', [here('hello/builder.js')]);
list(built.stdout);

console.log('\nInto an image, when an engine answers:');
const tool = here('../bin/dockerception.js');
const image = step(
  'dockerception -t dockerception-demo < context.tar',
  [tool, '-t', 'dockerception-demo'],
  built.stdout,
);
process.stdout.write(image.stdout);

const ENGINE_UNREACHABLE = 5;
if (image.status === 0) {
  console.log('\nThe image is there: docker run --rm dockerception-demo');
} else if (image.status === ENGINE_UNREACHABLE) {
  console.log('\nNo engine answers, so here is what one would have got:');
  const filtered = step(
    'dockerception filter < context.tar > corrected.tar',
    [tool, 'filter'],
    built.stdout,
  );
  list(filtered.stdout);
  process.exitCode = filtered.status ?? 1;
  console.log('\nThe owner is 0:0 now: every engine takes it, a rootless one too.');
} else {
  process.exitCode = image.status ?? 1;
}
