/** Hard links, extended attributes, devices, odd modes and owners. */
import { CAPABILITY } from '../bases.js';
import type { Case } from '../case.js';
import { device, dir, type Entry, fifo, file, hardLink, tarOf } from '../entries.js';
import { onRich, onScratch } from './on.js';

const context = [
  dir('sp', { mode: 0o1777 }),
  file('sp/setuid', 's', { mode: 0o4755 }),
  file('sp/setgid', 's', { mode: 0o2755 }),
  file('sp/none', 'n', { mode: 0 }),
  file('sp/all', 'a', { mode: 0o7777, uid: 5, gid: 5 }),
  file('sp/h1', 'hard', { uid: 3 }),
  hardLink('sp/h2', 'sp/h1', { uid: 3 }),
  hardLink('h3', 'sp/h1', { uid: 3 }),
  file('sp/x', 'x', { xattrs: { 'user.k': 'v', 'security.capability': CAPABILITY } }),
  dir('sp/d', { mode: 0o700, xattrs: { 'user.d': 'v' } }),
  file('sp/far', 'f', { uid: 3_000_000, gid: 4_000_000 }),
  file('sp/empty', ''),
  file('sp/large', Buffer.alloc(300_000, 'large ')),
  dir('sp/dir'),
  dir('sp/dir/empty', { mode: 0o2750 }),
];

const devices = [
  dir('dev'),
  fifo('dev/pipe', { mode: 0o620, uid: 4 }),
  device('dev/null', { uid: 4, gid: 5 }),
];

const old = { xattrs: { 'user.old': 'o' } };
const young = { xattrs: { 'user.new': 'n' } };

/** What lies over {@link marked}, and a file that has its attributes by its second name. */
const over = (prefix: string): Entry[] => [
  dir(`${prefix}d`),
  dir(`${prefix}e`, young),
  file(`${prefix}f`),
  hardLink(`${prefix}g`, `${prefix}f`, young),
];
const marked = [dir('below'), dir('below/d', old), dir('below/e', old)];

/** What is no plain file. */
export const special: readonly Case[] = [
  { title: 'keeps all of it in a tree', dockerfile: onScratch('COPY . /'), context },
  { title: 'keeps hard links in a directory', dockerfile: onRich('COPY sp /n'), context },
  { title: 'keeps them with another owner', dockerfile: onRich('COPY --chown=9:9 sp /n'), context },
  { title: 'keeps them with another mode', dockerfile: onRich('COPY --chmod=755 sp /n'), context },
  {
    title: 'makes two files of two names that are copied one by one',
    dockerfile: onRich('COPY h3 sp/h1 /n/', 'COPY sp/h2 /h2'),
    context,
  },
  {
    title: 'copies a file with its extended attributes',
    dockerfile: onRich('COPY --chown=alice sp/x /n'),
    context,
  },
  {
    title: 'leaves a directory its extended attributes when another is copied over it',
    dockerfile: onScratch('COPY below /', 'COPY over /'),
    context: [...marked, dir('over'), ...over('over/')],
  },
  {
    title: 'leaves a directory its extended attributes when an archive has it too',
    dockerfile: onScratch('COPY below /', 'ADD t.tar /'),
    context: [...marked, file('t.tar', tarOf(over('')))],
  },
  {
    title: 'copies devices and pipes in a directory',
    dockerfile: onRich('COPY dev /n'),
    context: devices,
  },
  {
    title: 'copies a device and a pipe by name',
    dockerfile: onRich('COPY --chown=1:2 --chmod=600 dev/null dev/pipe /n/'),
    context: devices,
  },
  {
    title: "takes owner and mode of the last of a file's names",
    dockerfile: onScratch('COPY . /'),
    context: [file('a', 'x', { uid: 3 }), hardLink('b', 'a', { mode: 0o600, uid: 4, gid: 5 })],
  },
  {
    title: 'goes on from a hard link of the base',
    dockerfile: onRich('COPY sp/h1 /hard2', 'COPY sp /odd/'),
    context,
  },
];
