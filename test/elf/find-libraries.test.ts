import { describe, expect, it } from 'vitest';
import { findLibraries } from '../../src/elf/find-libraries.js';
import { elf, type ElfOptions, program } from './elf-writer.js';
import { debian, DEBIAN_BASE, library, memoryFiles, type Tree } from './memory.js';

const LIBS = '/usr/lib/x86_64-linux-gnu';

/** What a program at /out/app needs beyond loader and C library. */
async function needs(options: ElfOptions, tree: Tree = {}, dest?: string) {
  const files = memoryFiles(debian, { '/out/app': program(options) }, tree);
  const binary = dest === undefined ? { path: '/out/app' } : { path: '/out/app', dest };
  const { paths, links, notices } = await findLibraries([binary], files);
  const beyond = paths.filter((path) => !DEBIAN_BASE.includes(path));
  return { paths, beyond, links, notices, asked: files.asked };
}

const libc = 'libc.so.6';
const lib = (name: string, options: ElfOptions = {}): Buffer =>
  library(name, { needed: [libc], ...options });

describe('a program of a merged Debian', () => {
  it('needs its loader, its C library, and the links that lead to them', async () => {
    expect((await needs({ needed: [libc] })).paths).toEqual(DEBIAN_BASE);
  });

  it('needs its loader alone when it needs no library', async () => {
    expect((await needs({})).paths).toEqual(DEBIAN_BASE.filter((path) => !path.includes('libc')));
  });

  it('gets the link with the name of a library, and its target', async () => {
    const { beyond } = await needs(
      { needed: ['libz.so.1', libc] },
      {
        [`${LIBS}/libz.so.1`]: { link: 'libz.so.1.2' },
        [`${LIBS}/libz.so.1.2`]: { link: '/lib/x86_64-linux-gnu/libz.so.1.2.13' },
        [`${LIBS}/libz.so.1.2.13`]: lib('libz.so.1'),
      },
    );
    expect(beyond).toEqual([`${LIBS}/libz.so.1`, `${LIBS}/libz.so.1.2`, `${LIBS}/libz.so.1.2.13`]);
  });

  it('needs what its libraries need, in a circle too', async () => {
    const { beyond } = await needs(
      { needed: ['liba.so'] },
      {
        [`${LIBS}/liba.so`]: lib('liba.so', { needed: ['libb.so', 'liba.so'] }),
        [`${LIBS}/libb.so`]: lib('libb.so', { needed: ['libc.so.6', 'libd.so'] }),
        [`${LIBS}/libd.so`]: lib('libd.so', { needed: ['liba.so'] }),
      },
    );
    expect(beyond).toEqual([`${LIBS}/liba.so`, `${LIBS}/libb.so`, `${LIBS}/libd.so`]);
  });

  it('asks for every path once, and reads every file once', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `lib${index}.so`);
    const tree = Object.fromEntries(names.map((name) => [`${LIBS}/${name}`, lib(name)]));
    const { asked } = await needs({ needed: [...names, libc] }, tree);
    expect(new Set(asked.lstat).size).toBe(asked.lstat.length);
    expect(new Set(asked.read).size).toBe(asked.read.length);
    expect(asked.list).toEqual(['/etc/ld.so.conf.d']);
    // One for /usr/local/lib, which comes before, and one where it is.
    expect(asked.lstat.filter((path) => /\/lib\d+\.so$/.test(path))).toHaveLength(40);
  });
});

describe('a library is searched', () => {
  const two = (first: string, second: string): Tree => ({
    [`${first}/libx.so`]: lib('libx.so'),
    [`${second}/libx.so`]: lib('libx.so'),
  });

  it('in RPATH before the system’s directories', async () => {
    const { beyond } = await needs(
      { needed: ['libx.so'], rpath: '/none:/opt/a' },
      two('/opt/a', LIBS),
    );
    expect(beyond).toEqual(['/opt/a/libx.so']);
  });

  it('in RUNPATH, which makes RPATH count for nothing', async () => {
    const options = { needed: ['libx.so'], rpath: '/opt/a', runpath: '/opt/b' };
    expect((await needs(options, two('/opt/a', '/opt/b'))).beyond).toEqual(['/opt/b/libx.so']);
  });

  it('in the RPATH of whatever needed the library that needs it', async () => {
    const tree = {
      '/opt/a/libx.so': lib('libx.so', { needed: ['liby.so'] }),
      '/opt/a/liby.so': lib('liby.so'),
    };
    const { beyond } = await needs({ needed: ['libx.so'], rpath: '/opt/a' }, tree);
    expect(beyond).toEqual(['/opt/a/libx.so', '/opt/a/liby.so']);
  });

  it('in no RUNPATH but its own', async () => {
    const tree = {
      '/opt/a/libx.so': lib('libx.so', { needed: ['liby.so'] }),
      '/opt/a/liby.so': lib('liby.so'),
    };
    await expect(needs({ needed: ['libx.so'], runpath: '/opt/a' }, tree)).rejects.toThrow(
      'finding liby.so, which /opt/a/libx.so needs: it is not in the builder',
    );
  });

  it('in no RPATH of others when it has a RUNPATH', async () => {
    const tree = {
      '/opt/a/libx.so': lib('libx.so', { needed: ['liby.so'], runpath: '/opt/none' }),
      '/opt/a/liby.so': lib('liby.so'),
    };
    await expect(needs({ needed: ['libx.so'], rpath: '/opt/a' }, tree)).rejects.toThrow('liby.so');
  });

  it('no more when one of its DT_SONAME is loaded', async () => {
    const tree = {
      '/opt/a/libx-2.so': lib('libx.so'),
      '/opt/b/liby.so': lib('liby.so', { needed: ['libx.so'] }),
    };
    const options = { needed: ['libx-2.so', 'liby.so'], runpath: '/opt/a:/opt/b' };
    expect((await needs(options, tree)).beyond).toEqual(['/opt/a/libx-2.so', '/opt/b/liby.so']);
  });

  it('past those of other machines and classes, and past what is no library', async () => {
    const tree = {
      '/opt/a/libx.so': lib('libx.so', { machine: 183 }),
      '/opt/b/libx.so': lib('libx.so', { bits: 32 }),
      '/opt/c/libx.so': 'INPUT(libx.so.1)',
      '/opt/d/libx.so/file': '',
      '/opt/e/libx.so': lib('libx.so'),
    };
    const runpath = '/opt/a:/opt/b:/opt/c:/opt/d:/opt/e';
    expect((await needs({ needed: ['libx.so'], runpath }, tree)).beyond).toEqual([
      '/opt/e/libx.so',
    ]);
  });

  it('where $ORIGIN, $LIB and $PLATFORM stand for what they do', async () => {
    const tree = {
      '/out/lib/x86_64-linux-gnu/libx.so': lib('libx.so'),
      '/opt/x86_64/liby.so': lib('liby.so'),
    };
    const runpath = '${ORIGIN}/$LIB:/opt/$PLATFORM:/opt/$LIBRARY:lib:';
    const { beyond } = await needs({ needed: ['libx.so', 'liby.so'], runpath }, tree, '/out/app');
    expect(beyond).toEqual(['/opt/x86_64/liby.so', '/out/lib/x86_64-linux-gnu/libx.so']);
  });

  it('beside the library that needs it, by the name it was found with', async () => {
    const tree = {
      '/opt/a/libx.so': { link: '../real/libx.so' },
      '/opt/real/libx.so': lib('libx.so', { needed: ['liby.so'], runpath: '$ORIGIN' }),
      '/opt/a/liby.so': lib('liby.so'),
      '/opt/real/liby.so': lib('liby.so'),
    };
    const { beyond } = await needs({ needed: ['libx.so'], runpath: '/opt/a' }, tree);
    expect(beyond).toEqual(['/opt/a/libx.so', '/opt/a/liby.so', '/opt/real/libx.so']);
  });

  it('with .. after links like the kernel, and never above the root', async () => {
    const tree = {
      '/opt/current': { link: '/srv/versions/7' },
      '/srv/versions/7/bin': undefined,
      '/srv/versions/7/lib/libx.so': lib('libx.so'),
      '/opt/lib/libx.so': lib('libx.so'),
    };
    const runpath = '/../../opt/current/../7/bin/../lib';
    expect((await needs({ needed: ['libx.so'], runpath }, tree)).beyond).toEqual([
      '/opt/current',
      '/srv/versions/7/lib/libx.so',
    ]);
  });

  it('past links in a circle', async () => {
    const tree = { '/opt/a': { link: 'b' }, '/opt/b': { link: 'a' }, ...two('/opt/c', '/opt/d') };
    const { beyond } = await needs({ needed: ['libx.so'], runpath: '/opt/a:/opt/c' }, tree);
    expect(beyond).toEqual(['/opt/c/libx.so']);
  });

  it('by a path when its name has a slash', async () => {
    const tree = { '/opt/a/libx.so': lib('libx.so'), '/out/libs/liby.so': lib('liby.so') };
    const needed = ['/opt/a/libx.so', '$ORIGIN/libs/liby.so'];
    expect((await needs({ needed }, tree, '/out/app')).beyond).toEqual([
      '/opt/a/libx.so',
      '/out/libs/liby.so',
    ]);
  });

  it('in no default directory for a program that says so', async () => {
    const options = { needed: ['libx.so'], flags1: 0x800 };
    await expect(needs(options, two(LIBS, '/usr/lib'))).rejects.toThrow('finding libx.so');
    const { beyond } = await needs({ ...options, runpath: '/usr/lib' }, two(LIBS, '/usr/lib'));
    expect(beyond).toEqual(['/usr/lib/libx.so']);
  });
});

describe('a library that ld.so.conf alone leads to', () => {
  const tree = {
    '/usr/local/lib/libx.so.1': { link: 'libx.so.1.0' },
    '/usr/local/lib/libx.so.1.0': lib('libx.so.1'),
  };

  it('gets a link where a loader without ld.so.cache looks first', async () => {
    expect(await needs({ needed: ['libx.so.1'] }, tree)).toMatchObject({
      beyond: ['/usr/local/lib/libx.so.1', '/usr/local/lib/libx.so.1.0'],
      links: [{ path: `${LIBS}/libx.so.1`, target: '/usr/local/lib/libx.so.1.0' }],
    });
  });

  it('has what it finds by $ORIGIN linked too: it is elsewhere itself', async () => {
    const origin = {
      '/usr/local/lib/libx.so.1.0': lib('libx.so.1', { needed: ['libz.so'], runpath: '$ORIGIN' }),
      '/usr/local/lib/libz.so': lib('libz.so'),
    };
    expect((await needs({ needed: ['libx.so.1'] }, { ...tree, ...origin })).links).toEqual([
      { path: `${LIBS}/libx.so.1`, target: '/usr/local/lib/libx.so.1.0' },
      { path: `${LIBS}/libz.so`, target: '/usr/local/lib/libz.so' },
    ]);
  });

  it('gets none when an RPATH leads there as well', async () => {
    const { links } = await needs({ needed: ['libx.so.1'], rpath: '/usr/local/lib' }, tree);
    expect(links).toEqual([]);
  });

  it('is reported if the path of the link is occupied', async () => {
    const files = memoryFiles(debian, tree, {
      '/out/a': program({ needed: ['libx.so.1'] }),
      '/out/b': program({ needed: ['libx.so.1'], runpath: LIBS }),
      [`${LIBS}/libx.so.1`]: lib('libx.so.1'),
    });
    const { paths, links, notices } = await findLibraries(
      [{ path: '/out/a' }, { path: '/out/b' }],
      files,
    );
    expect(paths).toContain(`${LIBS}/libx.so.1`);
    expect(links).toEqual([]);
    expect(notices).toEqual([
      'libx.so.1: no loader will look for it in /usr/local/lib: set LD_LIBRARY_PATH there',
    ]);
  });

  it('is reported if the program excludes the default directories', async () => {
    const conf = { '/etc/ld.so.conf': '/opt/lib', '/opt/lib/libx.so.1': lib('libx.so.1') };
    const { notices } = await needs({ needed: ['libx.so.1'], flags1: 0x800 }, conf);
    expect(notices).toEqual([
      'libx.so.1: no loader will look for it in /opt/lib: set LD_LIBRARY_PATH there',
    ]);
  });
});

describe('an artifact that is elsewhere in the image', () => {
  const tree = { '/out/lib/libx.so': lib('libx.so') };
  const options = { needed: ['libx.so', libc], runpath: '$ORIGIN/lib' };
  const link = { path: `${LIBS}/libx.so`, target: '/out/lib/libx.so' };

  it('gets a link to what it found beside itself', async () => {
    for (const dest of ['/usr/bin/app', undefined])
      expect(await needs(options, tree, dest)).toMatchObject({
        beyond: ['/out/lib/libx.so'],
        links: [link],
      });
  });

  it('gets none when that comes along', async () => {
    const files = memoryFiles(debian, tree, { '/out/app': program(options) });
    const { paths, links } = await findLibraries(
      [
        { path: '/out/app', dest: '/srv/app' },
        { path: '/out/lib/libx.so', dest: '/srv/lib/libx.so' },
      ],
      files,
    );
    expect(links).toEqual([]);
    expect(paths).toEqual(DEBIAN_BASE);
  });

  it('finds what comes along into its directories, wherever the builder has it', async () => {
    const needed = ['libx.so', '$ORIGIN/mods/liby.so', libc];
    const files = memoryFiles(debian, {
      '/out/app': program({ needed }),
      '/build/libx.so': lib('libx.so', { needed: ['libz.so'], runpath: '$ORIGIN' }),
      '/build/libz.so': lib('libz.so'),
      '/build/liby.so': lib('liby.so'),
    });
    const { paths, links } = await findLibraries(
      [
        { path: '/out/app', dest: '/srv/app' },
        { path: '/build/libx.so', dest: '/usr/lib/libx.so' },
        { path: '/build/libz.so', dest: '/usr/lib/./libz.so' },
        { path: '/build/liby.so', dest: '/srv/mods/liby.so' },
      ],
      files,
    );
    expect([paths, links]).toEqual([DEBIAN_BASE, []]);
  });

  it('with two destinations is searched for both', async () => {
    const files = memoryFiles(debian, tree, { '/out/app': program(options) });
    const { links } = await findLibraries(
      [
        { path: '/out/app', dest: '/out/app' },
        { path: '/out/app', dest: '/usr/bin/app' },
      ],
      files,
    );
    expect(links).toEqual([link]);
  });

  it('and names a library by a path relative to itself gets advice to add it', async () => {
    const moved = { needed: ['$ORIGIN/lib/libx.so'] };
    expect(await needs(moved, tree, '/usr/bin/app')).toMatchObject({
      links: [],
      notices: [
        '$ORIGIN/lib/libx.so: named by a path that the image does not have: add /out/lib/libx.so there with --artifacts',
      ],
    });
  });
});

describe('among the artifacts', () => {
  const find = (tree: Tree, ...paths: readonly string[]) =>
    findLibraries(
      paths.map((path) => ({ path })),
      memoryFiles(debian, tree),
    );

  it('a static program and a file that is no program need nothing', async () => {
    const tree = { '/a': elf({ isStatic: true, type: 2 }), '/b': elf(), '/c': 'text', '/d/e': '' };
    expect(await find(tree, '/a', '/b', '/c', '/d')).toEqual({ paths: [], links: [], notices: [] });
  });

  it('a library needs what it names, and the loader that goes with it', async () => {
    expect((await find({ '/out/mod.so': lib('mod.so') }, '/out/mod.so')).paths).toEqual(
      DEBIAN_BASE,
    );
  });

  it('a library for another system lacks things, which is a notice', async () => {
    const tree = {
      '/out/arm.so': lib('arm.so', { machine: 183 }),
      '/out/musl.so': lib('musl.so', { needed: ['libc.musl-x86_64.so.1', 'libq.so'] }),
    };
    expect((await find(tree, '/out/arm.so', '/out/musl.so')).notices).toEqual([
      '/out/arm.so (libc.so.6), /out/musl.so (libq.so): needs what the builder does not have, if it is ever loaded',
    ]);
  });

  it('a library may need what a program of theirs has loaded', async () => {
    const tree = {
      '/out/app': program({ needed: ['libx.so'], runpath: '/opt/x' }),
      '/opt/x/libx.so': lib('libx.so'),
      '/out/mod.so': lib('mod.so', { needed: ['libx.so', 'other.so'] }),
      '/out/plugins/other.so': lib('other.so'),
    };
    const { notices } = await find(tree, '/out/mod.so', '/out/app', '/out/plugins/other.so');
    expect(notices).toEqual([]);
  });

  it('a script needs its interpreter, through env too', async () => {
    const tree = {
      '/bin': { link: 'usr/bin' },
      '/usr/bin/sh': { link: 'dash' },
      '/usr/bin/dash': program({ needed: [libc] }),
      '/usr/bin/env': program({ needed: [libc] }),
      '/usr/local/bin/tool': program({ needed: ['libx.so'] }),
      [`${LIBS}/libx.so`]: lib('libx.so'),
      '/out/a': '#! /bin/sh -e\n',
      '/out/b': '#!/usr/bin/env -S A=1 tool --run\n',
    };
    const { paths, notices } = await find(tree, '/out/a', '/out/b');
    expect(paths.filter((path) => !DEBIAN_BASE.includes(path))).toEqual([
      '/bin',
      '/usr/bin/dash',
      '/usr/bin/env',
      '/usr/bin/sh',
      `${LIBS}/libx.so`,
      '/usr/local/bin/tool',
    ]);
    expect(notices).toEqual([
      '/out/a, /out/b: run by /bin/sh, /usr/bin/env, /usr/local/bin/tool, added here, but nothing that scripts read or run',
    ]);
  });

  it('a script whose interpreter is missing is a notice', async () => {
    const { paths, notices } = await find({ '/out/a': '#!/usr/bin/ruby' }, '/out/a');
    expect([paths, notices]).toEqual([[], ['/out/a: its interpreter is not in the builder']]);
  });

  it('a link that leads nowhere needs nothing', async () => {
    expect(await find({ '/out/a': { link: 'b' } }, '/out/a')).toMatchObject({ paths: [] });
  });

  it('a missing path is an error', async () => {
    await expect(find({}, '/out/none')).rejects.toThrow(
      'finding the libraries of /out/none: it is not in the builder',
    );
  });

  it('a damaged program or library is an error with its name', async () => {
    const broken = program({ needed: [libc] }).subarray(0, 300);
    await expect(find({ '/out/a': broken }, '/out/a')).rejects.toMatchObject({
      kind: 'builder',
      code: 'LIBS_INVALID',
    });
    const tree = {
      '/out/app': program({ needed: ['libx.so'] }),
      [`${LIBS}/libx.so`]: lib('libx.so').subarray(0, 200),
    };
    await expect(find(tree, '/out/app')).rejects.toThrow(
      `reading the ELF file ${LIBS}/libx.so: its dynamic section ends at byte`,
    );
  });
});

describe('glibc opens by itself', () => {
  it('the unwinder, for threads that end early', async () => {
    const options = { needed: [libc], imports: ['pthread_exit'] };
    expect((await needs(options)).beyond).toEqual([`${LIBS}/libgcc_s.so.1`]);
  });

  it('before 2.34 the modules of its name service', async () => {
    const old = {
      [`${LIBS}/libc.so.6`]: library(libc),
      [`${LIBS}/libnss_files.so.2`]: lib('libnss_files.so.2'),
      [`${LIBS}/libnss_dns.so.2`]: lib('libnss_dns.so.2', { needed: ['libresolv.so.2'] }),
      [`${LIBS}/libresolv.so.2`]: lib('libresolv.so.2'),
    };
    const beyond = async (symbol: string, tree: Tree) =>
      (await needs({ needed: [libc], imports: [symbol] }, tree)).beyond.map((path) =>
        path.replace(/.*\//, ''),
      );
    expect(await beyond('getaddrinfo', old)).toEqual([
      'libnss_dns.so.2',
      'libnss_files.so.2',
      'libresolv.so.2',
    ]);
    expect(await beyond('getpwnam', old)).toEqual(['libnss_files.so.2']);
    expect(await beyond('getaddrinfo', {})).toEqual([]);
  });
});
