/** `--list`: one line for each entry, like `tar tv` and `ls -l`, with times in UTC. */
import { type Entry, modeString, walk } from '../entry.js';
import { escaped } from './fit.js';
import { type Colour, Style, type StyleOptions } from './style.js';

/** Lines without line ends. Nothing is shortened, so that the output can be searched. */
export function* listLines(root: Entry, options: StyleOptions): Generator<string> {
  const style = new Style(options);
  const widths = columnWidths(root);
  const firstNames = new Map<object, string>();
  for (const entry of walk(root)) {
    if (entry.parent === undefined) continue;
    const { kind, mode, mtime } = entry;
    yield [
      modeString(kind, mode),
      ownerOf(entry).padEnd(widths.owner),
      sizeOf(entry).padStart(widths.size),
      style.paint('dim', formatTime(mtime)),
      painted(style, entry) + pointer(entry, firstNames),
    ].join(' ');
  }
}

/** `2024-05-01 12:34:56`; `@` and seconds outside of the range of dates. */
export function formatTime(mtime: number): string {
  const date = new Date(mtime * 1000);
  if (Number.isNaN(date.getTime())) return `@${mtime}`;
  return date.toISOString().slice(0, -5).replace('T', ' ');
}

function columnWidths(root: Entry): { readonly owner: number; readonly size: number } {
  let [owner, size] = [0, 0];
  for (const entry of walk(root)) {
    if (entry.parent === undefined) continue;
    owner = Math.max(owner, ownerOf(entry).length);
    size = Math.max(size, sizeOf(entry).length);
  }
  return { owner, size };
}

function ownerOf({ uid, gid }: Entry): string {
  return `${uid}:${gid}`;
}

function sizeOf({ size, device }: Entry): string {
  return device === undefined ? String(size) : `${device.major},${device.minor}`;
}

function painted(style: Style, { kind, mode, path }: Entry): string {
  const name = escaped(path);
  const paint = paintOf(kind, mode);
  return paint === undefined ? name : style.paint(paint, name);
}

function paintOf(kind: Entry['kind'], mode: number): Colour | undefined {
  if (kind === 'directory') return 'blue';
  if (kind === 'symlink') return 'cyan';
  if (kind !== 'file') return 'yellow';
  if ((mode & 0o6000) !== 0) return 'red';
  return (mode & 0o111) === 0 ? undefined : 'green';
}

function pointer({ target, links, path }: Entry, firstNames: Map<object, string>): string {
  if (target !== undefined) return ` -> ${escaped(target)}`;
  if (links === undefined) return '';
  const first = firstNames.get(links);
  if (first === undefined) firstNames.set(links, path);
  return first === undefined ? '' : ` link to ${escaped(first)}`;
}
