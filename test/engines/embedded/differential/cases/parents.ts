/**
 * COPY --parents, which the frontend built into Engine 28.5 does not know: what is expected is what
 * docs.docker.com/reference/dockerfile says of it.
 */
import type { Case } from '../case.js';
import { dir, file } from '../entries.js';
import { onRich } from './on.js';

const context = [
  dir('deep', { mode: 0o711, uid: 3, gid: 3 }),
  dir('deep/a', { mode: 0o750, uid: 4, gid: 4 }),
  dir('deep/a/b', { mode: 0o705, uid: 5, gid: 5 }),
  file('deep/a/b/x.txt', 'x', { uid: 6, gid: 6 }),
  file('deep/a/b/y.md', 'y'),
  dir('deep/c'),
  file('deep/c/x.txt', 'cx'),
  dir('bin'),
  file('bin/tool', 't'),
];

const x = 'file 0644 6:6 "x"';
const cx = 'file 0644 0:0 "cx"';

const copies: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  'deep/a/b/x.txt /new/': {
    '/new': 'dir 0755 0:0',
    '/new/deep': 'dir 0711 3:3',
    '/new/deep/a': 'dir 0750 4:4',
    '/new/deep/a/b': 'dir 0705 5:5',
    '/new/deep/a/b/x.txt': x,
  },
  'deep/c/x.txt /new': { '/new/deep/c/x.txt': cx },
  '/deep/c/x.txt /new/': { '/new/deep/c/x.txt': cx },
  'deep/*/x.txt /new/': { '/new/deep/c/x.txt': cx },
  'deep/*/*/x.txt deep/c/x.txt /new/': { '/new/deep/a/b/x.txt': x, '/new/deep/c/x.txt': cx },
  '**/*.txt /new/': { '/new/deep/a/b/x.txt': x, '/new/deep/c/x.txt': cx },
  'deep/./a/b/x.txt /new/': { '/new/a': 'dir 0750 4:4', '/new/a/b/x.txt': x },
  './deep/./*/b /new': { '/new/a/b': 'dir 0705 5:5', '/new/a/b/x.txt': x },
  'deep/a /new/': { '/new/deep/a/b/x.txt': x, '/new/deep/a/b/y.md': 'file 0644 0:0 "y"' },
  'deep/a/ /new/': { '/new/deep/a/b/x.txt': x },
  '--exclude=**/*.md deep/a /new/': { '/new/deep/a/b/x.txt': x },
  '--chown=7:7 --chmod=700 deep/c/x.txt /new/': { '/new/deep/c/x.txt': 'file 0700 7:7 "cx"' },
  'bin/tool /': { '/bin': 'symlink 0777 0:0 -> usr/bin', '/usr/bin/tool': 'file 0644 0:0 "t"' },
};

/** Files with the directories that they are in. */
export const parents: readonly Case[] = [
  ...Object.entries(copies).map(([words, files]) => ({
    title: `copies with parents: ${words}`,
    dockerfile: onRich(`COPY --parents ${words}`),
    context,
    refused: 'unknown flag: --parents',
    differs: { why: 'a later frontend of BuildKit knows it', files },
  })),
  {
    title: 'refuses what is not there, with parents',
    dockerfile: onRich('COPY --parents deep/nope /new/'),
    context,
    refused: 'unknown flag: --parents',
  },
];
