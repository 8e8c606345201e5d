/** COPY: which sources, and where they go. */
import type { Case } from '../case.js';
import { dir, file } from '../entries.js';
import { onRich, onScratch } from './on.js';

const tree = [
  dir('src', { mode: 0o711, uid: 21, gid: 22 }),
  dir('src/sub', { mode: 0o705, uid: 23, gid: 24 }),
  file('src/sub/new', 'new', { mode: 0o604, uid: 25, gid: 26 }),
  dir('src/fresh', { mode: 0o2770, uid: 27, gid: 28 }),
  file('src/top', 'top', { mode: 0o4755, uid: 1000, gid: 1000 }),
  file('src/.hidden'),
  file('a.txt', 'a'),
  file('b.txt', 'b'),
  file('c.md', 'c'),
  file('[x].txt', 'x'),
];

const destinations: Readonly<Record<string, string>> = {
  'the contents of a directory into one that is there': 'src /odd/',
  'the contents of a directory into one that is there, named without a slash': 'src /odd',
  'a directory to a new one': 'src /new',
  'a directory below new parents': 'src /new/a/b',
  'a file below new parents': 'src/top /new/a/b',
  'a file into a new directory': 'src/top /new/a/b/',
  'a file into a directory that is there': 'a.txt /odd',
  'a file over a file': 'a.txt /file',
  'one of two names of a file anew': 'a.txt /hard1',
  'a file over one with extended attributes': 'a.txt /capable',
  'the contents of two directories': 'src src/sub /new/',
  'several files into a new directory': 'a.txt b.txt /new/',
  'several files into a directory that is there, named without a slash': 'a.txt b.txt /odd',
  'the same file twice': 'a.txt a.txt /new/',
  'a directory and a file': './a.txt ./src /new/',
  'a directory named with a dot behind it': 'src/. /new/',
  everything: '. /new/',
  'everything, named as the root': '/ /new',
  'a path with dots in the middle': 'src/../a.txt /new',
  'an absolute path': '/a.txt /new',
  'a path above the context, which is its root': '../../a.txt /new',
  'all above the context, which is its root': '.. /new',
  'to a destination with dots': 'a.txt /../../odd/../x',
  'to a destination with dots behind a link': 'src /bin/../new',
  'to a destination with dots behind a file': 'a.txt /file/../new',
  'to a destination with dots behind what is not there': 'a.txt /new/..',
  'to a destination that ends in a dot': 'a.txt /new/.',
  'a file named with a slash behind it': 'a.txt/ /new',
};

const patterns: Readonly<Record<string, string>> = {
  'a pattern for several files': '*.txt /new/',
  'a pattern for directories: their contents': 'src/* /new/',
  'a pattern with a class': '[ab].txt /new/',
  'a pattern with a range': '[a-b].* /new/',
  'a pattern with a negated class': '[^a].txt /new/',
  'a class that begins with an exclamation mark, which negates nothing': '[!a].txt /new/',
  'a pattern in the middle of a path': 's*/top /new/',
  'a pattern with a slash behind it': 's*/ /new/',
  'two stars, which are as one': '**/top /new/',
  'a question mark, to a file': 'c.m? /new',
  'an escaped bracket': '["[[]x].txt", "/new/"]',
};

const refused: readonly (readonly [string, string, string])[] = [
  ['a file that is not there', 'nope /new', '"/nope": not found'],
  ['a file that is not there, beside others', 'a.txt src/nope /new/', '"/src/nope": not found'],
  ['a malformed pattern', '[ /new/', 'syntax error in pattern'],
  ['a directory over a file', 'src /file', 'cannot copy to non-directory'],
  ['a file below a file', 'a.txt /file/x', 'not a directory'],
  ['a file into a file', 'a.txt /file/', 'not a directory'],
];

/** Directories, files and patterns to all kinds of destinations. */
export const copies: readonly Case[] = [
  ...Object.entries({ ...destinations, ...patterns }).map(([title, words]) => ({
    title: `copies ${title}`,
    dockerfile: onRich(`COPY ${words}`),
    context: tree,
  })),
  ...refused.map(([title, words, message]) => ({
    title: `refuses to copy ${title}`,
    dockerfile: onRich(`COPY ${words}`),
    context: tree,
    refused: message,
  })),
  {
    title: 'takes the later of two sources of one name',
    dockerfile: onRich('COPY a.txt src/a.txt /new/'),
    context: [...tree, file('src/a.txt', 'second')],
  },
  {
    title: 'refuses to copy a file over a directory',
    dockerfile: onRich('COPY folder /'),
    context: [dir('folder'), file('folder/odd')],
    refused: 'cannot replace to directory',
  },
  {
    title: 'refuses to copy a directory over a file, inside another',
    dockerfile: onRich('COPY folder /'),
    context: [dir('folder'), dir('folder/file')],
    refused: 'cannot copy to non-directory',
  },
  {
    title: 'copies everything upon nothing',
    dockerfile: onScratch('COPY . .'),
    context: tree,
  },
  {
    title: 'copies upon nothing, with owner and mode: the root has neither',
    dockerfile: onScratch('COPY --chown=71:72 --chmod=750 src /'),
    context: tree,
  },
  ...['no* /new/', '*op /new/', '--exclude=x nope? /new'].map((words) => ({
    title: `refuses a pattern that nothing matches: ${words}`,
    dockerfile: onRich(`COPY ${words}`),
    context: tree,
    differs: {
      why: 'BuildKit copies nothing and says nothing; a misspelt pattern is found out at run time',
      refused: /is not in the context/,
    },
  })),
  {
    title: 'copies several files to the name of a new file: the last stays',
    dockerfile: onRich('COPY *.txt /new'),
    context: tree,
  },
  {
    title: 'goes by the working directory',
    dockerfile: onRich(
      'WORKDIR /odd',
      'COPY a.txt .',
      'COPY a.txt x/y',
      'COPY b.txt ./',
      'COPY c.md ..',
    ),
    context: tree,
  },
  {
    title: 'expands variables in sources and destinations',
    dockerfile: onScratch('ARG S=a', 'ENV D=/d', 'COPY $S.txt ${D}/$S', 'COPY b${NOPE}.txt "$D/q"'),
    context: tree,
  },
  {
    title: 'takes names with spaces in JSON form',
    dockerfile: onScratch('COPY ["a b", "/c d"]'),
    context: [file('a b')],
  },
  {
    title: 'takes quotes off',
    dockerfile: onScratch(`COPY "a.txt" '/x'`),
    context: tree,
  },
  {
    title: 'refuses a space behind a backslash as part of a name',
    dockerfile: onScratch('COPY a\\ b /x'),
    context: [file('a b')],
    refused: 'not found',
  },
  {
    title: 'is not moved by the user',
    dockerfile: onRich('USER alice', 'COPY src/top /new/a/'),
    context: tree,
  },
];
