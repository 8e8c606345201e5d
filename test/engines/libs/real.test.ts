/**
 * Programs that gcc and musl-gcc make, with libraries in all the places where a loader looks: what
 * is found for them in this machine's files is copied into an empty folder, and they run there with
 * that as their root.
 */
import { execFile } from 'node:child_process';
import {
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readlink,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BuilderFiles } from '../../../src/elf/builder-files.js';
import { findLibraries, type LibraryResult } from '../../../src/elf/find-libraries.js';
import { hostFiles } from '../../elf/host.js';

const execute = promisify(execFile);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Compiles what prints `text`, and what `calls` return, with the given options. */
async function compile(
  options: readonly string[],
  { name = 'app', calls = [] as readonly string[], compiler = 'gcc', source = '' } = {},
): Promise<string> {
  const file = join(folder, 'main.c');
  const declared = calls.map((call) => `const char *${call}(void);`).join('\n');
  const printed = calls.map((call) => `puts(${call}());`).join(' ');
  const text = `${declared}\nint puts(const char *);\nint main(void) { puts("ran"); ${printed} return 0; }\n`;
  await writeFile(file, source || text);
  const output = join(folder, name);
  await mkdir(dirname(output), { recursive: true });
  await execute(compiler, ['-o', output, file, ...options], { cwd: folder });
  return output;
}

/** Compiles a library at `path` below the folder, with one function of the same name as itself. */
async function library(path: string, options: readonly string[] = [], calls = ''): Promise<string> {
  const name = (/lib(\w+)\.so/.exec(path) as RegExpExecArray)[1] as string;
  const declared = calls && `const char *${calls}(void);`;
  const result = calls ? `${calls}()` : `"${name}"`;
  const source = join(folder, `${name}.c`);
  await writeFile(source, `${declared}\nconst char *${name}(void) { return ${result}; }\n`);
  const output = join(folder, path);
  await mkdir(dirname(output), { recursive: true });
  const linked = ['-shared', '-fPIC', `-Wl,-soname,lib${name}.so.1`, '-o', output, source];
  await execute('gcc', [...linked, ...options], { cwd: folder });
  return output;
}

const find = (program: string, files: BuilderFiles = hostFiles(), dest = program) =>
  findLibraries([{ path: program, dest }], files);

/** Runs a program where nothing is but itself and what was found for it. */
async function runAlone(
  program: string,
  { paths, links }: LibraryResult,
  dest = program,
): Promise<string> {
  const root = join(folder, 'root');
  const place = async (path: string): Promise<string> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    return join(root, path);
  };
  // Sorted, and none is below a link: a link is there before anything could need it as a folder.
  for (const path of paths)
    if ((await lstat(path)).isSymbolicLink())
      await symlink(await readlink(path), await place(path));
    else await copyFile(path, await place(path));
  for (const { path, target } of links) await symlink(target, await place(path));
  await copyFile(program, await place(dest));
  // Without /proc, which every engine mounts, no loader knows what $ORIGIN is.
  await mkdir(join(root, 'proc'));
  const script = 'mount -t proc proc "$1/proc" && exec env -i /usr/sbin/chroot "$1" "$2"';
  const { stdout } = await execute('unshare', ['--mount', 'sh', '-c', script, 'sh', root, dest]);
  return stdout;
}

/** The files that the loader of this machine would load. */
async function ldd(program: string): Promise<string[]> {
  const { stdout } = await execute('ldd', [program]);
  const paths = stdout.match(/\/\S+/g) ?? [];
  return [...new Set(await Promise.all(paths.map((path) => realpath(path))))].sort();
}

async function filesOf({ paths }: LibraryResult): Promise<string[]> {
  const files = [];
  for (const path of paths) if ((await lstat(path)).isFile()) files.push(path);
  return files.sort();
}

describe('a program by gcc', () => {
  it('runs with its loader and its C library', async () => {
    const app = await compile([]);
    const result = await find(app);
    expect(await filesOf(result)).toEqual(await ldd(app));
    expect(result.links).toEqual([]);
    expect(await runAlone(app, result)).toBe('ran\n');
  });

  it('needs nothing when it is static, with or without a fixed address', async () => {
    for (const option of ['-static', '-static-pie']) {
      const app = await compile([option]);
      expect(await find(app)).toMatchObject({ paths: [], links: [] });
    }
  });

  it.each([
    ['RPATH', '--disable-new-dtags'],
    ['RUNPATH', '--enable-new-dtags'],
  ])('runs with a library by %s and $ORIGIN', async (_, tags) => {
    await library('lib/libone.so.1');
    const options = ['-Wl,-rpath,$ORIGIN/../lib', `-Wl,${tags}`, 'lib/libone.so.1'];
    const app = await compile(options, { name: 'bin/app', calls: ['one'] });
    const result = await find(app);
    expect(await filesOf(result)).toEqual(await ldd(app));
    expect(await runAlone(app, result)).toBe('ran\none\n');
  });

  it('runs elsewhere than it was found, with what it had beside itself', async () => {
    await library('lib/libone.so.1');
    const app = await compile(['-Wl,-rpath,$ORIGIN/lib', 'lib/libone.so.1'], { calls: ['one'] });
    const result = await find(app, hostFiles(), '/srv/app');
    expect(result.links).toHaveLength(1);
    expect(await runAlone(app, result, '/srv/app')).toBe('ran\none\n');
  });

  it('runs with a chain of libraries whose RPATH is inherited, and one that has its own', async () => {
    await library('c/libthree.so.1.2');
    await symlink('libthree.so.1.2', join(folder, 'c/libthree.so.1'));
    const own = ['-Wl,-rpath,$ORIGIN/../c', '-Wl,--enable-new-dtags', 'c/libthree.so.1'];
    await library('b/libtwo.so.1', own, 'three');
    await library('a/libone.so.1', ['b/libtwo.so.1'], 'two');
    const rpath = `-Wl,-rpath,${folder}/a:${folder}/b`;
    const options = [rpath, '-Wl,--disable-new-dtags', '-Wl,-rpath-link,b:c', 'a/libone.so.1'];
    const app = await compile(options, { calls: ['one'] });
    const result = await find(app);
    expect(await filesOf(result)).toEqual(await ldd(app));
    expect(await runAlone(app, result)).toBe('ran\nthree\n');
  });

  it('runs with libraries that ld.so.conf alone leads to', async () => {
    await library('opt/libtwo.so.1');
    await library('opt/libone.so.1', ['-Wl,-rpath,$ORIGIN', 'opt/libtwo.so.1'], 'two');
    const app = await compile(['-Wl,-rpath-link,opt', 'opt/libone.so.1'], { calls: ['one'] });
    const host = hostFiles();
    const files: BuilderFiles = {
      ...host,
      read: async (path) =>
        path === '/etc/ld.so.conf' ? Buffer.from(`${folder}/opt\n`) : host.read(path),
    };
    await expect(find(app)).rejects.toMatchObject({ code: 'LIBS_MISSING' });
    const result = await find(app, files);
    expect(result.links).toHaveLength(2);
    expect(await runAlone(app, result)).toBe('ran\ntwo\n');
  });

  it('ends a thread early, for which glibc opens a library', async () => {
    const source = `
      #include <pthread.h>
      #include <stdio.h>
      static void *run(void *none) { pthread_exit("ended"); }
      int main(void) {
        pthread_t thread; void *said;
        pthread_create(&thread, 0, run, 0); pthread_join(thread, &said); puts(said);
      }`;
    const app = await compile(['-pthread'], { source });
    expect(await runAlone(app, await find(app))).toBe('ended\n');
  });

  it('tells of its imports however the linker has hashed them', async () => {
    const source = 'void *dlopen(const char *, int); int main(void) { return !dlopen(0, 1); }';
    for (const options of [
      ['-Wl,--hash-style=gnu'],
      ['-Wl,--hash-style=sysv'],
      ['-Wl,--hash-style=both', '-rdynamic'],
      ['-no-pie', '-s'],
    ]) {
      const app = await compile(options, { source });
      expect((await find(app)).notices).toEqual([expect.stringContaining('opens libraries')]);
    }
  });

  it('has a file of debugging information, which needs nothing', async () => {
    const app = await compile(['-g']);
    await execute('objcopy', ['--only-keep-debug', app, `${app}.debug`]);
    expect((await find(`${app}.debug`)).paths).toEqual([]);
    await execute('strip', ['--strip-all', '--remove-section=.comment', app]);
    const stripped = await find(app);
    expect(await filesOf(stripped)).toEqual(await ldd(app));
  });
});

describe('a program by musl-gcc', () => {
  it('runs with its loader, which is its C library', async () => {
    const app = await compile([], { compiler: 'musl-gcc' });
    const result = await find(app);
    expect(await filesOf(result)).toEqual([await realpath('/lib/ld-musl-x86_64.so.1')]);
    expect(await runAlone(app, result)).toBe('ran\n');
  });

  it('runs with a library of its own', async () => {
    await library('lib/libone.so.1', ['-nostdlib']);
    const app = await compile(['-Wl,-rpath,$ORIGIN/lib', 'lib/libone.so.1'], {
      compiler: 'musl-gcc',
      calls: ['one'],
    });
    for (const dest of [app, '/srv/app']) {
      const result = await find(app, hostFiles(), dest);
      expect(await runAlone(app, result, dest)).toBe('ran\none\n');
      await rm(join(folder, 'root'), { recursive: true });
    }
  });
});

describe('programs of this machine', () => {
  it.each(['/bin/bash', '/usr/bin/git', '/usr/bin/perl', '/usr/bin/openssl', process.execPath])(
    'have the libraries that ldd names: %s',
    async (program) => {
      const files = hostFiles();
      const found = await filesOf(await find(program, files));
      const wanted = await ldd(program);
      // What glibc opens at run time is not ldd's business.
      expect(found.filter((path) => !path.endsWith('/libgcc_s.so.1'))).toEqual(
        wanted.filter((path) => !path.endsWith('/libgcc_s.so.1')),
      );
      expect(files.asked()).toBeLessThan(30 + 5 * wanted.length);
    },
  );
});
