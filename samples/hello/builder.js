#!/usr/bin/env node
/**
 * A builder as a program: it writes a context, a Dockerfile and a tiny static binary, to its
 * standard output as a tar. The owner is whatever a build machine has, as in real life.
 */
import pump from 'pump';
import { pack } from 'tar-stream';
import { helloProgram } from './elf.js';

const DOCKERFILE = `FROM scratch
COPY hello /hello
ENTRYPOINT ["/hello"]
`;

const tar = pack();
const owner = { uid: 197609, gid: 197121, uname: 'builder', gname: 'builders' };
tar.entry({ name: 'Dockerfile', mode: 0o644, ...owner }, DOCKERFILE);
tar.entry(
  { name: 'hello', mode: 0o755, ...owner },
  helloProgram(process.arch, 'Hello from a small image\n'),
);
tar.finalize();
const stream = /** @type {import('node:stream').Readable} */ (/** @type {unknown} */ (tar));
pump(stream, process.stdout, (error) => {
  if (error) process.exitCode = 1;
});
process.stderr.write('builder: compiled hello\n');
