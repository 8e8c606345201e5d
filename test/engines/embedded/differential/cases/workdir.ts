/** WORKDIR and VOLUME. */
import type { Case } from '../case.js';
import { dir, file } from '../entries.js';
import { onRich, onScratch } from './on.js';

const lines: Readonly<Record<string, readonly string[]>> = {
  'makes directories': ['WORKDIR /w/x'],
  'leaves one that is there': ['WORKDIR /odd'],
  'makes directories for the user': ['USER alice', 'WORKDIR /w/x'],
  'makes directories for a user and a group': ['USER bob:staff', 'WORKDIR /w/x'],
  'makes directories for a user in numbers': ['USER 5:6', 'WORKDIR /w/x', 'WORKDIR /odd/y'],
  'makes directories for a user in one number': ['USER 5', 'WORKDIR /w/x'],
  'makes directories of root for somebody unknown': ['USER nope', 'WORKDIR /w/x'],
  'makes directories for a user whose group is unknown': ['USER bob:nope', 'WORKDIR /w/x'],
  'makes directories for a group whose user is unknown': ['USER nope:staff', 'WORKDIR /w/x'],
  'makes directories of root for an ID that stands for none': ['USER 4294967295', 'WORKDIR /w/x'],
  'goes up from a link by its name': ['WORKDIR /bin', 'WORKDIR ../w', 'COPY a ..', 'COPY a x/../y'],
  'follows a link': ['WORKDIR /bin/deep'],
  'leaves what a link leads to': ['WORKDIR /bin'],
  'makes what a dangling link leads to': ['WORKDIR /dangling'],
  'makes what a link that leads out means inside': ['WORKDIR /outside/x'],
  'keeps a slash at the end': ['WORKDIR /w/'],
  'goes on from the last one': ['WORKDIR w', 'WORKDIR x/../y', 'COPY a b/'],
  'goes up': ['WORKDIR /w/x', 'WORKDIR ../..'],
  'expands variables': ['ARG D=/w', 'ENV E=$D/e', 'WORKDIR $E/${NOPE:-f}'],
  'takes the root': ['WORKDIR /'],
  'takes spaces': ['WORKDIR /w x'],
  'takes quotes off': ['WORKDIR "/w x"'],
  'takes quotes and backslashes off in the middle': ['WORKDIR /w/"a b"/c\\d'],
  'is nothing new the second time': ['WORKDIR /w', 'WORKDIR /w'],
  'makes no directory for a volume': ['VOLUME /v /v2', 'VOLUME ["/w x", "rel"]'],
  'copies into a volume': ['VOLUME /v', 'COPY a /v/'],
};

/** Directories that instructions make, and those that they don't. */
export const workdirs: readonly Case[] = [
  ...Object.entries(lines).map(([title, instructions]) => ({
    title,
    dockerfile: onRich(...instructions),
    context: [file('a')],
  })),
  {
    title: 'begins at the root',
    dockerfile: onScratch('WORKDIR a/b', 'COPY a .'),
    context: [file('a')],
  },
  {
    title: 'makes directories of root where there are no accounts',
    dockerfile: onScratch('USER nope', 'WORKDIR /w'),
    refused: 'invalid user index: -1',
    differs: {
      why: 'whoever the user is to be, where there are accounts that know nobody of the name it is root',
      files: { '/w': 'dir 0755 0:0' },
      config: { User: 'nope', WorkingDir: '/w' },
    },
  },
  {
    title: 'makes directories with the group of one that has the set-group-ID bit',
    dockerfile: onScratch('COPY top /', 'WORKDIR /g/w', 'COPY f /g/n/', 'COPY --chown=7:8 f /g/o/'),
    context: [dir('top'), dir('top/g', { mode: 0o2770, uid: 5, gid: 6 }), file('f')],
  },
  { title: 'refuses a file', dockerfile: onRich('WORKDIR /file'), refused: 'not a directory' },
  {
    title: 'refuses what is below a file',
    dockerfile: onRich('WORKDIR /file/x'),
    refused: 'not a directory',
  },
];
