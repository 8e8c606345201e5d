import { describe, expect, it } from 'vitest';
import { Root } from '../../src/elf/builder-files.js';
import { readLdSoConf, readMuslPath } from '../../src/elf/loader-configuration.js';
import { memoryFiles, type Tree } from './memory.js';

const conf = (tree: Tree): Promise<string[]> => readLdSoConf(new Root(memoryFiles(tree)));

describe('ld.so.conf', () => {
  it('has directories, comments and types', async () => {
    const text = '# all\n  /a/ # one\n\n/b=libc6\nhwcap 1 nosegneg\nrelative\n/c d\n/a\n';
    expect(await conf({ '/etc/ld.so.conf': text })).toEqual(['/a', '/b', '/c d']);
    expect(await conf({})).toEqual([]);
  });

  it('includes what patterns stand for, in order, from its own folder', async () => {
    const tree = {
      '/etc/ld.so.conf': '/first\ninclude conf.d/*.conf /etc/[!x]?/z.conf\n/last\n',
      '/etc/conf.d': { link: '../opt/conf.d' },
      '/opt/conf.d/b.conf': '/b',
      '/opt/conf.d/a.conf': '/a',
      '/opt/conf.d/.hidden.conf': '/hidden',
      '/opt/conf.d/a.conf.bak': '/bak',
      '/etc/yy/z.conf': '/yy',
      '/etc/xy/z.conf': '/xy',
    };
    expect(await conf(tree)).toEqual(['/first', '/a', '/b', '/yy', '/last']);
  });

  it('that includes itself ends, and a pattern that means nothing matches nothing', async () => {
    const text = '/a\ninclude /etc/*.conf\ninclude /etc/[z-a].conf [\n/b';
    expect(await conf({ '/etc/ld.so.conf': text })).toEqual(['/a', '/b']);
  });

  it('is read once, however often it includes itself', async () => {
    const files = memoryFiles({ '/etc/ld.so.conf': 'include /etc/ld.so.conf\n'.repeat(4) });
    let reads = 0;
    const read = (path: string) => (reads++, files.read(path));
    expect(await readLdSoConf(new Root({ ...files, read }))).toEqual([]);
    expect(reads).toBe(1);
  });
});

describe('ld-musl-ARCH.path', () => {
  it('has directories with colons or line ends between them', async () => {
    const root = new Root(memoryFiles({ '/etc/p': '/a:/b/\n\n/a:c' }));
    expect(await readMuslPath(root, '/etc/p')).toEqual(['/a', '/b']);
    expect(await readMuslPath(root, '/etc/none')).toBeUndefined();
  });
});
