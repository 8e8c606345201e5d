#!/usr/bin/env node
/** Lists the tar on standard input: owner, mode, size and name of each entry. */
import { once } from 'node:events';
import { TarWalk } from 'dockerception/tar';

const walk = new TarWalk({
  entry: (entry) => {
    const mode = entry.mode.toString(8).padStart(4, '0');
    const size = String(entry.size).padStart(8);
    console.log(`${entry.uid}:${entry.gid}  ${mode} ${size}  ${entry.path}`);
  },
  global: () => undefined,
  bytes: () => undefined,
});
process.stdin.on('data', (chunk) => walk.push(chunk, false));
await once(process.stdin, 'end');
if (walk.end() !== 'complete') throw new Error('reading the tar: it has no end-of-archive');
