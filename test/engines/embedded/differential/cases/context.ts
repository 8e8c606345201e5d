/** The tar of the context: odd names, odd orders, what a builder should not have in it. */
import { member, pax } from '../../../../support/write-tar.js';
import { CAPABILITY } from '../bases.js';
import type { Case } from '../case.js';
import { dir, type Entry, file, gnuLongFile, hardLink, symlink } from '../entries.js';
import { onRich, onScratch } from './on.js';

const contexts: Readonly<Record<string, readonly Entry[]>> = {
  'a name twice': [file('a', '1'), file('a', '2')],
  'a file and then a directory': [file('a', '1'), dir('a'), file('a/b', '2')],
  'a directory and then a file': [dir('a'), file('a/b', '2'), file('a', '1')],
  'a directory twice': [
    dir('a', { mode: 0o700, uid: 1 }),
    file('a/b', '2'),
    dir('a', { mode: 0o711, uid: 2 }),
  ],
  'files without their directories': [file('p/q/r', 'x', { uid: 5 })],
  'a file before its directory': [file('p/q', 'x'), dir('p', { mode: 0o700, uid: 5 })],
  'a file behind a link': [dir('r'), symlink('e', 'r'), file('e/x')],
  'names that are not UTF-8': [
    file(Buffer.from([0x66, 0xff, 0x67]), 'x'),
    file('é/ü'),
    file('文件'),
  ],
  'long names': [
    file('a'.repeat(150), 'x'),
    file(`${'d'.repeat(90)}/${'e'.repeat(90)}`, 'y'),
    file('f'.repeat(255), 'z'),
    gnuLongFile('g'.repeat(120), 'gnu'),
  ],
  'empty directories': [dir('e'), dir('e/f', { mode: 0o700 })],
  '.dockerignore': [file('.dockerignore', 'a\n'), file('a'), file('b')],
  'absolute names and needless parts': [file('/a'), file('./b'), file('c//d'), file('e/./f')],
  'a root with an owner': [dir('./', { mode: 0o700, uid: 7 }), file('./a')],
  'entries of the oldest tar': [
    member({ name: 'v7', typeflag: '\0', magic: 'v7', body: 'x', uid: 0, gid: 0 }),
    member({ name: 'v7d/', typeflag: '\0', magic: 'v7', uid: 0, gid: 0, mode: 0o755 }),
  ],
  'links with modes of their own': [
    symlink('a', 'x', { mode: 0o755 }),
    symlink('b', 'x', { mode: 0o600 }),
  ],
  'newlines, backslashes and spaces': [file('a\nb'), file('a\\b'), file(' sp ace ')],
  'all kinds of extended attributes': [
    file('a', 'a', {
      xattrs: { 'trusted.t': 'v', 'security.capability': CAPABILITY, 'user.b': 'y'.repeat(300) },
    }),
    dir('d', { xattrs: { 'user.binary': Buffer.from([0, 1, 0xff, 0x0a, 0x3d]) } }),
  ],
  'owners beyond what octal can tell': [file('a', 'a', { uid: 3_000_000, gid: 4_294_967_294 })],
};

const refused: Readonly<Record<string, readonly [readonly Entry[], string]>> = {
  'a file behind a link that leads out': [
    [symlink('e', '../../etc'), file('e/x')],
    'path escapes from parent',
  ],
  'a hard link to nothing': [[hardLink('b', 'nope')], 'no such file'],
  'a hard link that leads out': [[hardLink('b', '../../etc/passwd')], 'invalid hardlink target'],
  // Labels and incremental directories are converted (test/engines/unpackable.test.ts); a volume's rest is not.
  'the rest of a file of another volume': [
    [member({ name: 'rest', typeflag: 'M', body: 'x' })],
    'unhandled tar header type',
  ],
  'a link without a target': [[symlink('a', '')], 'no such file'],
  'a link whose target is too long for a file system': [
    [Buffer.concat([pax([['linkpath', 'd'.repeat(4096)]]), symlink('a', 'x')])],
    'file name too long',
  ],
  'a name that leads out': [[file('../a')], 'invalid entry name'],
  'a name too long for a file system': [[file('a'.repeat(256))], 'file name too long'],
};

/** What a context may look like. */
export const contextTars: readonly Case[] = [
  ...Object.entries(contexts).map(([title, context]) => ({
    title: `takes ${title}`,
    dockerfile: onScratch('COPY . /'),
    context,
  })),
  ...Object.entries(refused).map(([title, [context, message]]) => ({
    title: `refuses ${title}`,
    dockerfile: onScratch('COPY . /'),
    context,
    refused: message,
  })),
  {
    title: 'refuses a name with dots in the middle',
    dockerfile: onScratch('COPY . /'),
    context: [file('a/../b')],
    differs: {
      why: 'a name that climbs, even in vain, is a mistake or an attack: no context is to have one',
      refused: /a\/\.\.\/b/,
    },
  },
  {
    title: 'takes a hard link to a link',
    dockerfile: onScratch('COPY . /'),
    context: [symlink('s', 'nope'), hardLink('b', 's')],
    differs: {
      why: 'BuildKit makes two links of it; nobody who reads them sees a difference',
      files: { '/s': 'symlink 0777 0:0 = /b' },
    },
  },
  ...['.wh.file', 'd/.wh..wh..opq'].map((name) => ({
    title: `refuses ${name}`,
    dockerfile: onRich('COPY . /new/'),
    context: [file(name, '')],
    differs: {
      why: 'in a layer such a name deletes, whatever a builder meant by it',
      refused: /\.wh\./,
    },
  })),
];
