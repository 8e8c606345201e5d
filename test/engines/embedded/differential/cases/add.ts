/** ADD: archives above all. */
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import type { Case, Difference } from '../case.js';
import { device, dir, type Entry, fifo, file, hardLink, symlink, tarOf } from '../entries.js';
import { onRich, onScratch } from './on.js';

const archive = tarOf([
  dir('t', { mode: 0o711, uid: 1, gid: 2 }),
  file('t/f', 'f', { uid: 3, gid: 4, mode: 0o4755 }),
  hardLink('t/h', 't/f', { uid: 3, gid: 4, mode: 0o4755 }),
  symlink('t/l', 'f'),
  file('x', 'x', { uid: 1000, gid: 1000, xattrs: { 'user.k': 'v' } }),
]);

/** The programs whose formats ADD knows. */
function compressed(program: string, ...args: readonly string[]): Buffer {
  return execFileSync(program, args, { input: archive });
}

const forms: Readonly<Record<string, () => Buffer>> = {
  'archive.tar': () => archive,
  'archive.tar.gz': () => gzipSync(archive),
  'archive.tar.bz2': () => compressed('bzip2'),
  'archive.tar.xz': () => compressed('xz'),
  'archive.tar.zst': () => compressed('zstd', '-q'),
  'name that says nothing': () => gzipSync(archive),
};

const destinations: Readonly<Record<string, string>> = {
  'into a directory that is there': 't.tar /odd',
  'into a directory with the name of a file': 't.tar /new/dest.tar',
  'through a link': 't.tar /bin',
  'through a dangling link': 't.tar /dangling',
  'with another owner': '--chown=7:8 t.tar /new/',
  'with the owner of a name': '--chown=alice t.tar /odd/',
  'with no other mode': '--chmod=700 t.tar /new/',
  'when told so': '--unpack=true t.tar /new/',
  'not when told so': '--unpack=false t.tar /new/',
  'that a link leads to': 'link /new/',
  'and another beside it': 't.tar second.tar /new/',
  'and plain files that a pattern finds': '*.t* /new/',
};

const inside: Readonly<Record<string, readonly [string, readonly Entry[]]>> = {
  'a file behind a link of the base': ['/', [file('bin/x', 'x')]],
  'a directory over a link of the base': ['/', [dir('bin'), file('bin/x', 'x')]],
  'a directory over another: owner and mode': [
    '/',
    [dir('odd', { mode: 0o700, uid: 5, gid: 5 }), file('odd/y')],
  ],
  'files without their directories': ['/', [file('p/q/r', 'x', { uid: 7, gid: 7 })]],
  'absolute names': ['/new/', [file('/absolute/x', 'x')]],
  'names with dots that stay inside': ['/new/', [file('a/../b', 'x'), file('./c//d', 'x')]],
  'links that lead anywhere': ['/new/', [symlink('a', '/etc'), symlink('b', '../../../../etc')]],
  'a file behind a link of its own': ['/new/', [dir('r'), symlink('e', 'r'), file('e/x', 'x')]],
  'a hard link to a file of the base': ['/', [hardLink('e', 'file')]],
  'a name twice': ['/new/', [file('a', '1'), file('a', '2')]],
  'a file and then a directory': ['/new/', [file('a', '1'), dir('a'), file('a/b', '2')]],
  'a directory and then a file': ['/new/', [dir('a'), file('a/b', '2'), file('a', '1')]],
  'a file over a directory of the base': ['/', [file('odd', '1')]],
  'a directory over a file of the base': ['/', [dir('file')]],
  'links with modes of their own': ['/new/', [symlink('a', 'x', { mode: 0o755 })]],
  'a file behind an absolute link of its own': [
    '/new/',
    [dir('r'), symlink('e', '/r'), file('e/x', 'x')],
  ],
  'devices and pipes': ['/new/', [device('c'), fifo('p')]],
  'a root with an owner': ['/odd/', [dir('./', { mode: 0o711, uid: 5, gid: 5 }), file('./a')]],
  'a root with an owner, to a new directory': [
    '/new/',
    [dir('./', { mode: 0o711, uid: 5, gid: 5 }), file('./a')],
  ],
  'a name that is not UTF-8': ['/new/', [file(Buffer.from([0x66, 0xff, 0x67]), 'x')]],
};

const refused: Readonly<Record<string, readonly [string, Buffer, string | RegExp]>> = {
  'a name that leads out': ['/new/', tarOf([file('../up')]), 'invalid entry name'],
  'a name that leads out further in': ['/new/', tarOf([file('a/../../up')]), 'invalid entry name'],
  'a file behind a link that leads out': [
    '/new/',
    tarOf([symlink('e', '../../etc'), file('e/x')]),
    'path escapes from parent',
  ],
  'a hard link that leads out': [
    '/new/',
    tarOf([hardLink('e', '../file')]),
    'invalid hardlink target',
  ],
  'a hard link to nothing': ['/new/', tarOf([hardLink('e', 'nope')]), 'no such file'],
  'a tar that is cut short': ['/new/', archive.subarray(0, 1024), 'unexpected EOF'],
  'a compressed tar that is cut short': [
    '/new/',
    gzipSync(archive).subarray(0, 100),
    // Docker leaves gzip to unpigz where that is installed, which has its own words.
    /exit status|unexpected EOF/,
  ],
  'an archive over a file': ['/file', archive, 'not a directory'],
};

const plain: Readonly<Record<string, readonly [string, Buffer]>> = {
  'a text with the name of an archive': ['t.tar.gz', Buffer.from('hello')],
  'a compressed text': ['t.gz', gzipSync('hello')],
  'what looks compressed and is not': [
    't.gz',
    Buffer.concat([gzipSync('hello').subarray(0, 10), archive]),
  ],
  'an empty file with the name of an archive': ['t.tar', Buffer.alloc(0)],
  'a tar without entries': ['t.tar', Buffer.alloc(10_240)],
};

const damaged: Readonly<Record<string, Buffer>> = {
  'an archive that something else follows': Buffer.concat([gzipSync(archive), Buffer.from('more')]),
  'an archive that is damaged at its start': Buffer.concat([
    gzipSync(archive).subarray(0, 10),
    archive,
  ]),
};

const whiteouts: Difference = {
  why: 'in a layer such a name deletes: BuildKit writes it there, and the file below is gone',
  refused: /\.wh\./,
};

/** Archives and files. */
export const additions: readonly Case[] = [
  ...Object.entries(forms).map(([name, bytes]) => ({
    title: `unpacks ${name}`,
    dockerfile: onScratch(`ADD ["${name}", "/n/"]`),
    context: [file(name, bytes())],
  })),
  ...Object.entries(destinations).map(([title, words]) => ({
    title: `unpacks an archive ${title}`,
    dockerfile: onRich(`ADD ${words}`),
    context: [
      file('t.tar', archive),
      file('second.tar', tarOf([file('x', 'second')])),
      file('plain.txt', 'plain', { mode: 0o600, uid: 4, gid: 5 }),
      symlink('link', 't.tar'),
    ],
  })),
  ...Object.entries(inside).map(([title, [dest, entries]]) => ({
    title: `unpacks ${title}`,
    dockerfile: onRich(`ADD t.tar ${dest}`),
    context: [file('t.tar', tarOf(entries))],
  })),
  ...Object.entries(refused).map(([title, [dest, bytes, message]]) => ({
    title: `refuses ${title}`,
    dockerfile: onRich(`ADD t.tar ${dest}`),
    context: [file('t.tar', bytes)],
    refused: message,
  })),
  ...Object.entries(plain).map(([title, [name, bytes]]) => ({
    title: `adds ${title} as it is`,
    dockerfile: onRich(`ADD ${name} /new/`, `ADD ${name} /name`),
    context: [file(name, bytes)],
  })),
  {
    title: 'refuses a file behind a link of the base that leads out',
    dockerfile: onRich('ADD t.tar /'),
    context: [file('t.tar', tarOf([file('outside/x', 'x')]))],
    refused: 'path escapes from parent',
  },
  ...['.wh.file', '.wh..wh..opq'].map((name) => ({
    title: `refuses ${name} in an archive`,
    dockerfile: onRich('ADD t.tar /odd/'),
    context: [file('t.tar', tarOf([file(name, '')]))],
    differs: whiteouts,
  })),
  ...Object.entries(damaged).map(([title, bytes]) => ({
    title: `refuses ${title}`,
    dockerfile: onRich('ADD t.tar.gz /new/'),
    context: [file('t.tar.gz', bytes)],
    differs: {
      why: 'what is damaged behind the last entry was cut short somewhere, or is no archive by intention',
      refused: /the gzip data is corrupt/,
    },
  })),
  {
    title: 'adds a directory, and unpacks nothing in it',
    dockerfile: onRich('ADD d /new/'),
    context: [dir('d'), file('d/t.tar', archive), file('d/q', 'q', { uid: 4 })],
  },
  {
    title: 'adds a file with owner and mode',
    dockerfile: onRich('ADD --chown=7:8 --chmod=600 f /new/'),
    context: [file('f')],
  },
  {
    title: 'refuses to add what is not there',
    dockerfile: onRich('ADD nope /new/'),
    refused: '"/nope": not found',
  },
  {
    title: 'refuses a checksum of a file of the context',
    dockerfile: onRich(`ADD --checksum=sha256:${'0'.repeat(64)} f /new/`),
    context: [file('f')],
    refused: 'checksum requires HTTP(S) or Git sources',
  },
  {
    title: 'leaves an archive that is copied as it is',
    dockerfile: onRich('COPY t.tar /new/'),
    context: [file('t.tar', archive)],
  },
];
