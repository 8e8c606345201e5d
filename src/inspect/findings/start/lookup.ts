/** Where a command leads in an image, and when it leads nowhere, why. */
import { posix } from 'node:path';
import { printable } from '../../../text/printable.js';
import { type Entry, find, walk } from '../../entry.js';
import type { Run } from '../subject.js';

/** Names of a file elsewhere, to show. */
const SHOWN = 3;

export interface Lookup {
  /** The file, links followed. */
  readonly entry: Entry | undefined;
  /** Absolute, as it is called. */
  readonly path: string;
  /** When there is none, or none that can be executed: why, behind the command's name. */
  readonly why: string;
}

/** Looks a command up: a path as it is, from the working directory; a name in PATH. */
export function lookUp(run: Run, name: string): Lookup {
  if (name.includes('/')) {
    // Nothing that `..` could mean is decided here: links come first.
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

/** `, but there is /opt/app`: files of the name that are elsewhere. */
export function elsewhere(root: Entry, name: string): string {
  const base = posix.basename(name);
  const found: string[] = [];
  for (const entry of walk(root))
    if (entry.name === base && entry.kind === 'file') found.push(printable(entry.path));
  const more = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : '';
  return found.length === 0 ? '' : `, but there is ${found.slice(0, SHOWN).join(', ')}${more}`;
}

function whyMissing(root: Entry, path: string): string {
  const link = find(root, path, false);
  if (link?.kind !== 'symlink') return 'is not in the image';
  const target = printable(link.target ?? '');
  return isLoop(root, link)
    ? `is a link to ${target}, and the links go round in a circle`
    : `is a link to ${target}, which is not there`;
}

/** Whether following links from here one by one comes back to one of them. */
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
