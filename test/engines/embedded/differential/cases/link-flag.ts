/** --link. */
import type { Case } from '../case.js';
import { dir, file } from '../entries.js';
import { onRich, onScratch } from './on.js';

const context = [
  dir('src', { mode: 0o711, uid: 21, gid: 22 }),
  dir('src/dir', { mode: 0o700, uid: 3, gid: 3 }),
  file('src/dir/tool', 't', { mode: 0o755 }),
  file('app', 'app', { uid: 9, gid: 9 }),
  file('b', 'b'),
];

const same: Readonly<Record<string, string>> = {
  'a file to a new path': '--link app /new/x',
  'a directory to a new path, with owner and mode': '--link --chown=71:72 --chmod=700 src /new/x',
  'a file over a file': '--link app /file',
  'as without when it is false': '--link=false app /bin/x',
  'a heredoc': '--link <<EOF /new/f\nhello\nEOF',
};

const RESPECT =
  'BuildKit puts a layer made upon nothing over the base: links become directories, directories lose owner and mode';

const odd = {
  '/odd': 'dir 0750 7:8',
  '/odd/sub': 'dir 0700 9:9',
  '/odd/sub/keep': 'file 0600 9:9 "keep"',
};

const respectful: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  'app /bin/x': {
    '/bin': 'symlink 0777 0:0 -> usr/bin',
    '/bin/x': undefined,
    '/usr/bin/x': 'file 0644 9:9 "app"',
  },
  'app /tmp/x': { '/tmp': 'dir 1777 0:0' },
  'app /odd/sub/x': odd,
  'app /odd': { ...odd, '/odd/app': 'file 0644 9:9 "app"' },
  '--chown=71:72 src /odd/': odd,
  'app /tofile': {
    '/file': 'file 0644 9:9 "app"',
    '/tofile': 'symlink 0777 0:0 -> file',
  },
};

/** Layers that don't look at what is below. */
export const linkFlag: readonly Case[] = [
  ...Object.entries(same).map(([title, words]) => ({
    title: `links ${title}`,
    dockerfile: onRich(`COPY ${words}`),
    context,
  })),
  {
    title: 'links two files to one new directory',
    dockerfile: onScratch('COPY --link app /n/x', 'COPY --link b /n/y'),
    context,
  },
  ...Object.entries(respectful).map(([words, files]) => ({
    title: `links upon what is there: ${words}`,
    dockerfile: onRich(`COPY --link ${words}`),
    context,
    differs: { why: RESPECT, files },
  })),
  {
    title: 'links with an owner that the base knows',
    dockerfile: onRich('COPY --link --chown=alice app /odd/x'),
    context,
    refused: 'invalid user index: -1',
    differs: { why: RESPECT, files: { '/odd/x': 'file 0644 1001:1002 "app"' } },
  },
];
