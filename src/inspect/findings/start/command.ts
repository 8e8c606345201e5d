/** The programs that a command starts, and where they are in an image. */
import { posix } from 'node:path';
import { listed, printable } from '../../../text/printable.js';
import { type Entry, find, walk } from '../../entry.js';
import type { Run } from '../subject.js';

const SHELLS = new Set(['sh', 'bash', 'ash', 'dash']);
/** They start the program after `--`. */
const INITS = new Set(['tini', 'tini-static', 'dumb-init', 'catatonit', 'docker-init']);
/** Built-in commands and keywords of shells. */
const BUILTINS = new Set(
  'alias bg break cd command continue declare echo eval exit export false fg getopts hash if for while until case function jobs kill let local printf pwd read readonly return set shift source test time times trap true type typeset ulimit umask unalias unset until wait [ [[ { ( : . !'.split(
    ' ',
  ),
);

/** The first word, and the program that a shell's -c or an init starts. */
export function commandsOf(words: readonly string[]): string[] {
  const [first, ...others] = words;
  if (first === undefined) return [];
  const base = posix.basename(first);
  const next = SHELLS.has(base) ? inShell(others) : INITS.has(base) ? afterInit(others) : [];
  return [first, ...next];
}

/** The program of `-c 'exec /app --flag'`, if it is a literal. */
function inShell(words: readonly string[]): string[] {
  const at = words.findIndex((word) => !/^-[a-z]+$/.test(word));
  if (at < 1 || !words.slice(0, at).some((word) => word.endsWith('c'))) return [];
  // Of `a && b || exit 1`, a always runs, and has to succeed.
  const [first = ''] = (words[at] as string).replace(/\|\|\s*(?:exit|false)\b.*$/s, '').split('&&');
  const script = first.replace(/\s\d?>{1,2}\s*(?:&\d|\/dev\/\w+)/g, '').trim();
  // In other scripts, the first program may create the next, or fail without effect.
  if (/[;&|<>()`$\n{}]/.test(script.replace(/\$\{?\w+\}?/g, ' '))) return [];
  const [word = ''] = script.replace(/^(?:exec\s+)?(?:\w+=\S*\s+)*(?:exec\s+)?/, '').split(/\s+/);
  return /^[\w./+@%:,-]+$/.test(word) && !BUILTINS.has(word) ? [word] : [];
}

function afterInit(words: readonly string[]): string[] {
  const at = words.indexOf('--');
  const name = at >= 0 ? words[at + 1] : words[0];
  return name !== undefined && !name.startsWith('-') ? [name] : [];
}

/** Paths in a message. */
const MAX_PATHS = 3;

export interface Lookup {
  /** Links are followed. */
  readonly entry: Entry | undefined;
  /** Absolute, unless a name is in no directory of PATH. */
  readonly path: string;
  /** The reason if there is no entry, as the end of a sentence about the command. */
  readonly why: string;
}

/** Finds a path, relative to the working directory, or a name in PATH. */
export function lookUp(run: Run, name: string): Lookup {
  if (name.includes('/')) {
    // Not normalised, since a `..` may follow a link.
    const path = name.startsWith('/') ? name : `${run.workdir.replace(/\/$/, '')}/${name}`;
    const entry = find(run.root, path);
    return { entry, path: entry?.path ?? posix.normalize(path), why: whyMissing(run.root, path) };
  }
  const found = run.path.flatMap((folder) => {
    const entry = find(run.root, `${folder}/${name}`);
    return entry === undefined || entry.kind === 'directory' ? [] : [entry];
  });
  const entry = found.find(({ mode }) => (mode & 0o111) !== 0) ?? found[0];
  return { entry, path: entry?.path ?? name, why: `is in none of ${run.path.join(', ')}` };
}

/** `, but there is /opt/app`: other files with the command's name. */
export function otherLocations(root: Entry, name: string): string {
  const base = posix.basename(name);
  const found: string[] = [];
  for (const entry of walk(root))
    if (entry.name === base && entry.kind === 'file') found.push(entry.path);
  return found.length === 0 ? '' : `, but there is ${listed(found, MAX_PATHS)}`;
}

function whyMissing(root: Entry, path: string): string {
  const link = find(root, path, false);
  if (link?.kind !== 'symlink') return 'is not in the image';
  const target = printable(link.target ?? '');
  return isLoop(root, link)
    ? `is a link to ${target}, and the links go round in a circle`
    : `is a link to ${target}, which is not there`;
}

/** Whether following the link leads back to a link that was followed. */
function isLoop(root: Entry, link: Entry): boolean {
  const seen = new Set<Entry>();
  let here: Entry | undefined = link;
  while (here?.kind === 'symlink') {
    if (seen.has(here)) return true;
    seen.add(here);
    const target: string = here.target ?? '';
    const folder: string = here.parent?.path ?? '/';
    here = find(root, target.startsWith('/') ? target : `${folder}/${target}`, false);
  }
  return false;
}
