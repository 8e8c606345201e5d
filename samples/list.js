#!/usr/bin/env node
/** Lists the tar on standard input: owner, mode, size and name of each entry. */
import { TarWalk } from '../dist/index.js';

const walk = new TarWalk({
  entry: (entry) => {
    const mode = entry.mode.toString(8).padStart(4, '0');
    const size = String(entry.size).padStart(8);
    console.log(`${entry.uid}:${entry.gid}  ${mode} ${size}  ${entry.path}`);
  },
  global: () => undefined,
  bytes: () => undefined,
});
for await (const chunk of process.stdin) walk.push(/** @type {Buffer} */ (chunk), false);
if (walk.end() !== 'complete') throw new Error('reading the tar: it has no end-of-archive');
