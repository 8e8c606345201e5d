/** Symbolic links: in the base, in the context, on the way to either. */
import type { Case } from '../case.js';
import { dir, file, symlink } from '../entries.js';
import { onRich } from './on.js';

const plain = [
  dir('src'),
  dir('src/deep'),
  file('src/deep/tool', 't', { mode: 0o755 }),
  file('app', 'app', { uid: 9, gid: 9 }),
  file('b', 'b'),
];

const onto: Readonly<Record<string, string>> = {
  'a file below a link to a directory': 'app /bin/x',
  'a file to a link to a directory': 'app /bin',
  'a file into a link to a directory': 'app /bin/',
  'a directory to a link to a directory': 'src /bin',
  'two files into a link to a directory': 'app b /bin/',
  'a file below new directories behind a link': 'app /bin/deep/x',
  'a file below an absolute link': 'app /lib/x',
  'a file to a link to a file: over that file': 'app /tofile',
  'a file to a dangling link: it is made': 'app /dangling',
  'a file into a dangling link': 'app /dangling/',
  'a file below a dangling link': 'app /dangling/x',
  'a directory to a dangling link': 'src /dangling',
  'a file to a link that leads out: inside the root': 'app /outside',
  'a file below a link that leads out': 'app /outside/x',
  'a directory to a link that leads out': 'src /outside',
  'a file to an absolute link to nothing': 'app /absolute',
  'a file below an absolute link to nothing': 'app /absolute/x',
};

const linked = [
  dir('dir', { mode: 0o711, uid: 3, gid: 3 }),
  file('dir/f', 'f', { uid: 3, gid: 3 }),
  symlink('dir/in', 'f', { uid: 4, gid: 5 }),
  symlink('dir/out', '../../../../etc/passwd'),
  symlink('dir/absolute', '/etc/passwd'),
  symlink('dir/dangling', 'nope'),
  file('file', 'file', { mode: 0o600, uid: 6, gid: 6 }),
  symlink('tofile', 'file', { uid: 4, gid: 4 }),
  symlink('todir', 'dir', { uid: 4, gid: 4 }),
  symlink('chain', 'tofile'),
  symlink('dangling', 'nope'),
  symlink('above', '../../file'),
  symlink('absolute', '/file'),
  symlink('outside', '/etc/hostname'),
  symlink('loop', 'loop'),
];

const sources: Readonly<Record<string, string>> = {
  'what a link leads to': 'tofile /new',
  'what a link leads to, under its own name': 'tofile /odd/',
  'what a link leads to, with owner and mode': '--chown=7:7 --chmod=700 tofile /new',
  'the contents of what a link leads to': 'todir /new',
  'the contents of what a link leads to, named with a slash': 'todir/ /odd/',
  'what a chain of links leads to': 'chain /new',
  'what an absolute link leads to in the context': 'absolute /new',
  'what a link above the context leads to in it': 'above /new',
  'a file behind a link to a directory': 'todir/f /new',
  'a link behind a link to a directory': 'todir/in /new',
  'links in a directory as they are': 'dir /new',
  'links in a directory with another owner, and no mode': '--chown=7:7 --chmod=700 dir /new',
  'what a pattern finds behind links': 'to* /new/',
};

const refused: Readonly<Record<string, readonly [string, string]>> = {
  'a dangling link': ['dangling /new', 'not found'],
  'a link that leads out': ['outside /new', 'not found'],
  'a link to itself': ['loop /new', 'too many links'],
  'a dangling link that a pattern matches': ['dir/* /new/', 'not found'],
};

const inside: Readonly<Record<string, readonly Buffer[]>> = {
  'a file over a link to a file': [file('src/tofile', 'new')],
  'a file over a link to a directory': [file('src/lib', 'new')],
  'a link over a file': [symlink('src/file', 'x')],
  'a link over the same link': [symlink('src/bin', 'usr/bin')],
  'a link over another': [symlink('src/bin', 'elsewhere')],
};

/** Copies over, through and of links. */
export const links: readonly Case[] = [
  ...Object.entries(onto).map(([title, words]) => ({
    title: `copies ${title}`,
    dockerfile: onRich(`COPY ${words}`),
    context: plain,
  })),
  ...Object.entries(sources).map(([title, words]) => ({
    title: `copies ${title}`,
    dockerfile: onRich(`COPY ${words}`),
    context: linked,
  })),
  ...Object.entries(inside).map(([title, entries]) => ({
    title: `copies, inside a directory, ${title}`,
    dockerfile: onRich('COPY src /'),
    context: [dir('src'), ...entries],
  })),
  ...Object.entries(refused).map(([title, [words, message]]) => ({
    title: `refuses to copy ${title}`,
    dockerfile: onRich(`COPY ${words}`),
    context: linked,
    refused: message,
  })),
  {
    title: 'refuses a destination that goes round in a circle',
    dockerfile: onRich('COPY app /loop/x'),
    context: plain,
    refused: 'too many links',
  },
  {
    title: 'refuses a link over a directory',
    dockerfile: onRich('COPY src /'),
    context: [dir('src'), symlink('src/odd', 'x')],
    refused: 'cannot replace to directory',
  },
  {
    title: 'copies, inside a directory, a directory over a link to one',
    dockerfile: onRich('COPY src /'),
    context: [dir('src'), dir('src/bin', { mode: 0o711 }), file('src/bin/x', 'x')],
    refused: 'cannot copy to non-directory',
    differs: {
      why: 'a base where /bin is a link to usr/bin is no reason to fail: the link stays',
      files: {
        '/bin': 'symlink 0777 0:0 -> usr/bin',
        '/usr/bin': 'dir 0755 0:0',
        '/usr/bin/x': 'file 0644 0:0 "x"',
      },
    },
  },
  {
    title: 'refuses, inside a directory, a directory over a link to a file',
    dockerfile: onRich('COPY src /'),
    context: [dir('src'), dir('src/tofile')],
    refused: 'cannot copy to non-directory',
  },
];
