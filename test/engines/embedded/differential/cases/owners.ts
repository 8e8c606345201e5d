/** --chown and --chmod. */
import type { Case, Difference } from '../case.js';
import { dir, file } from '../entries.js';
import { onRich, onScratch } from './on.js';

const context = [
  dir('dir', { uid: 31, gid: 32 }),
  file('dir/x', 'x', { mode: 0o640, uid: 31, gid: 32 }),
  dir('dir/e', { mode: 0o2750, uid: 31, gid: 32 }),
  file('dir/run', '#!', { mode: 0o4750, uid: 31, gid: 32 }),
  file('a', 'a', { uid: 31, gid: 32 }),
];

/** Where BuildKit's own reading of modes and chmod(1) part. */
const GNU = 'a mode means what it means to GNU chmod: = leaves a directory its set-group-ID bit';

/** A copy for each value, to a directory that is named after it. */
const each = (flag: string, values: readonly string[]): string =>
  onRich(...values.map((value) => `COPY ${flag}=${value} dir /for/${value}/dir`));

const copies = (flags: string, more: Partial<Case> = {}): Case => ({
  title: `copies with ${flags}`,
  dockerfile: onRich(`COPY ${flags} dir /odd/`, `COPY ${flags} dir /new/parent/dir`),
  context,
  ...more,
});

const guessed = (flags: string, refused: RegExp): Case => {
  const why = 'BuildKit takes root for a name that it does not know, which nobody asked for';
  const differs: Difference = { why, refused };
  return copies(flags, { title: `refuses ${flags}`, differs });
};

const owners: readonly string[] = [
  '1000',
  '1000:2000',
  'alice',
  'alice:staff',
  'bob:1',
  '1:staff',
  ':staff',
  ':5',
  'alice:',
  'root',
  '+5',
];

const modes: Readonly<Record<string, readonly string[]>> = {
  'in octal': ['755', '0644', '7', '0', '1777', '2711', '4711', '7777'],
  'that are added to': ['u+x', 'a+rX', '+X', 'u+s', 'g+s', '+t', 'a+rwx'],
  'that are taken from': ['g-w', '-x', 'u-s', 'go-rwx'],
  'that are set': ['u=r', 'o=u', 'u=rw,o=r'],
};

const asGnu: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'go=': { e: 'dir 2700 31:32' },
  '=rX': { e: 'dir 2555 31:32' },
  'a=': { e: 'dir 2000 31:32' },
  'u=rwx,g=rx': { e: 'dir 2750 31:32' },
  'ug=rw,o=': { e: 'dir 2660 31:32' },
  'u=g': { run: 'file 0550 31:32 "#!"' },
  'o+t': {
    e: 'dir 3750 31:32',
    run: 'file 5750 31:32 "#!"',
    x: 'file 1640 31:32 "x"',
  },
};

/** Owners and modes of what is copied, and of what is made for it. */
export const ownersAndModes: readonly Case[] = [
  { title: 'copies with all kinds of owners', dockerfile: each('--chown', owners), context },
  ...Object.entries(modes).map(([title, values]) => ({
    title: `copies with modes ${title}`,
    dockerfile: each('--chmod', values),
    context,
  })),
  {
    title: 'copies with modes that are set, as GNU chmod sets them',
    dockerfile: each('--chmod', Object.keys(asGnu)),
    context,
    differs: {
      why: GNU,
      files: Object.fromEntries(
        Object.entries(asGnu).flatMap(([mode, files]) =>
          Object.entries(files).map(([name, words]) => [`/for/${mode}/dir/${name}`, words]),
        ),
      ),
    },
  },
  copies('--chown=alice:staff'),
  copies('--chmod=go-rwx'),
  copies('--chmod=2711'),
  copies('--chmod=u+s --chown=bob:staff'),
  copies('--chmod=$M --chown=${O}', {
    title: 'expands owner and mode',
    dockerfile: onRich('ARG M=711', 'ENV O=alice', 'COPY --chmod=$M --chown=${O} dir /new'),
  }),
  {
    title: 'sets owner and mode of a file over another',
    dockerfile: onRich('COPY --chmod=4755 --chown=7:8 a /file'),
    context,
  },
  {
    title: 'takes numbers and root where there are no accounts',
    dockerfile: onScratch('COPY --chown=5:root a /5', 'COPY --chown=root a /root'),
    context,
  },
  {
    title: 'refuses a name where there are no accounts',
    dockerfile: onScratch('COPY --chown=alice a /x'),
    context,
    refused: 'invalid user index: -1',
  },
  {
    title: 'looks names up in what the stage has become',
    dockerfile: onScratch('COPY etc /etc', 'COPY --chown=new:team a /x'),
    context: [
      ...context,
      dir('etc'),
      file('etc/passwd', 'new:x:77:78::/:/x\n'),
      file('etc/group', 'team:x:79:\n'),
    ],
  },
  guessed('--chown=nobody-here', /there is no user 'nobody-here'/),
  guessed('--chown=alice:nogroup', /there is no group 'nogroup'/),
  guessed('--chown=4294967295', /there is no user '4294967295'/),
  guessed('--chown=1e3', /there is no user '1e3'/),
  ...['100755', '9', 'Du+x', 'u+x,,g+x'].map((mode) =>
    copies(`--chmod=${mode}`, { title: `refuses --chmod=${mode}`, refused: 'invalid' }),
  ),
];
