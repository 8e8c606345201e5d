import { describe, expect, it } from 'vitest';
import { findLibraries } from '../../src/elf/find-libraries.js';
import { DockerceptionError } from '../../src/errors.js';
import { type ElfOptions, program } from './elf-writer.js';
import { alpine, debian, library, memoryFiles, type Tree } from './memory.js';

const LIBS = '/usr/lib/x86_64-linux-gnu';

async function failure(tree: Tree, options: ElfOptions): Promise<DockerceptionError> {
  const files = memoryFiles(tree, { '/out/app': program(options) });
  const error: unknown = await findLibraries([{ path: '/out/app' }], files).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DockerceptionError);
  expect(error).toMatchObject({ kind: 'builder', code: 'LIBS_MISSING' });
  return error as DockerceptionError;
}

describe('a library that is not there', () => {
  it('is reported with the program that needs it, similar names, a package manager, and the searched directories', async () => {
    const tree = { ...debian, [`${LIBS}/libssl.so.3`]: library('libssl.so.3') };
    const { message, hint } = await failure(tree, { needed: ['libssl.so.1.1', 'libc.so.6'] });
    expect(message).toBe('finding libssl.so.1.1, which /out/app needs: it is not in the builder');
    expect(hint).toBe(
      `there is ${LIBS}/libssl.so.3; in the builder: apt-file search libssl.so.1.1; ` +
        `looked in /usr/local/lib, ${LIBS}, /usr/lib`,
    );
  });

  it('is named with the others', async () => {
    const { message } = await failure(debian, { needed: ['liba.so', 'libb.so', 'libc.so.6'] });
    expect(message).toBe(
      'finding liba.so, which /out/app needs: it is not in the builder (nor libb.so)',
    );
  });

  it('but for another machine is named with that', async () => {
    const tree = { ...debian, [`${LIBS}/liba.so`]: library('liba.so', { machine: 183 }) };
    const { message } = await failure(tree, { needed: ['liba.so'] });
    expect(message).toBe(`finding liba.so, which /out/app needs: ${LIBS}/liba.so is for AArch64`);
  });

  it('because its name is relative has a remedy of its own', async () => {
    const { hint } = await failure(debian, { needed: ['build/liba.so'] });
    expect(hint).toMatch(
      /^the name is relative to the working directory: give the library a -soname/,
    );
  });

  it('is asked of apk with its name', async () => {
    const options = { interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libz.so.1'] };
    expect((await failure(alpine, options)).hint).toBe(
      'in the builder: apk add so:libz.so.1; looked in /lib, /usr/lib',
    );
  });
});

describe('a loader that is not there', () => {
  it('is named with the program', async () => {
    const { message } = await failure(debian, { interpreter: '/lib/ld-musl-x86_64.so.1' });
    expect(message).toBe(
      'finding /lib/ld-musl-x86_64.so.1, which /out/app needs: it is not in the builder',
    );
  });

  it('or is one for another machine, or none, is named too', async () => {
    const other = await failure(debian, { machine: 183 });
    expect(other.message).toBe(
      `finding /lib64/ld-linux-x86-64.so.2, which /out/app needs: ${LIBS}/ld-linux-x86-64.so.2 is no loader for it`,
    );
    const text = await failure({ '/lib/ld.so.1': 'text' }, { interpreter: '/lib/ld.so.1' });
    expect(text.message).toMatch('/lib/ld.so.1 is no loader for it');
  });
});
