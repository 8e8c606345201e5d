/** --exclude and --link. */
import type { Case } from '../case.js';
import { dir, file, symlink } from '../entries.js';
import { onRich } from './on.js';

const context = [
  dir('deep'),
  dir('deep/a', { mode: 0o750, uid: 4, gid: 4 }),
  dir('deep/a/b', { mode: 0o705, uid: 5, gid: 5 }),
  file('deep/a/b/x.txt', 'x', { uid: 6, gid: 6 }),
  file('deep/a/b/y.md', 'y'),
  dir('deep/c'),
  file('deep/c/x.txt', 'cx'),
  file('deep/top.txt', 't'),
  symlink('deep/link', 'a'),
  file('app', 'app'),
  file('b', 'b'),
];

const patterns: Readonly<Record<string, string>> = {
  'files at the top': '--exclude=*.md deep',
  'files at every depth': '--exclude=**/*.md deep',
  'a directory': '--exclude=a deep',
  'a directory, with a slash': '--exclude=a/ deep',
  'a directory further down': '--exclude=a/b deep',
  'all of a directory, which stays': '--exclude=a/* deep',
  'nothing by a path from the context': '--exclude=deep/a deep',
  'nothing by an absolute path': '--exclude=/a deep',
  'nothing by nothing': '--exclude= deep',
  everything: '--exclude=** deep',
  'by two patterns': '--exclude=**/*.md --exclude=c deep',
  'all but an exception': '--exclude=**/*.txt --exclude=!c/x.txt deep',
  'a directory but for an exception in it': '--exclude=a --exclude=!a/b/y.md deep',
  'from what a pattern finds': '--exclude=a deep/*',
  'not a file that is named': '--exclude=app --exclude=*.txt app deep/top.txt',
  'at the root': '--exclude=Dockerfile --exclude=deep .',
  'a link': '--exclude=link deep',
  'with another owner': '--exclude=a/b --chown=alice --chmod=711 deep',
};

/** What is left out. */
export const excluded: readonly Case[] = [
  ...Object.entries(patterns).map(([title, words]) => ({
    title: `leaves out ${title}`,
    dockerfile: onRich(`COPY ${words} /new/`, `COPY ${words} /odd/`),
    context,
  })),
  {
    title: 'leaves out of ADD too',
    dockerfile: onRich('ADD --exclude=a deep /new/'),
    context,
  },
  {
    title: 'does not expand a pattern',
    dockerfile: onRich('ARG E=a', 'COPY --exclude=$E deep /new/'),
    context,
  },
];
