/**
 * The tree with sizes, the largest first. Small and deep entries are folded into one line; a directory with one child is
 * joined with it. Not recursive, since trees may be deep.
 */
import { childrenOf, type Entry, hasMore, walk } from '../entry.js';
import { SIZE_WIDTH, type Style } from './style.js';
import { plural } from './summary.js';

export interface TreeOptions {
  readonly depth?: number;
  readonly all?: boolean;
}

const DEFAULT_DEPTH = 3;
const MAX_GUIDES = 6;
/** Entries below this part of the whole are folded. */
const SMALL = 0.01;
/** Trees with at most this many entries, the root included, are shown unfolded. */
const FEW = 25;

/** An entry with its joined name, or several that are folded into one line. */
type Row =
  | { readonly name: string; readonly entry: Entry }
  | {
      readonly entry: undefined;
      readonly above: Entry;
      readonly count: number;
      readonly bytes: number;
    };

interface Open {
  readonly row: Row;
  readonly depth: number;
  /** The prefix of its own line, and of those below. */
  readonly guide: string;
  readonly below: string;
}

export function* treeLines(root: Entry, style: Style, options: TreeOptions): Generator<string> {
  const all = options.all === true;
  const depth = options.depth ?? (all ? Infinity : DEFAULT_DEPTH);
  const whole = all || !hasMore(walk(root), FEW);
  yield style.heading('tree');
  const stack: Open[] = [{ row: { name: '/', entry: root }, depth: 0, guide: '', below: '' }];
  for (let here = stack.pop(); here !== undefined; here = stack.pop()) {
    const { entry } = here.row;
    const rows = entry === undefined || here.depth >= depth ? [] : rowsBelow(entry, root, whole);
    const isClosed = rows.length === 0 && (entry?.children?.size ?? 0) > 0;
    yield line(here, root.total, isClosed, style);
    const next = rows.map((row, index) => open(row, here, index === rows.length - 1));
    while (next.length > 0) stack.push(next.pop() as Open);
  }
}

function open(row: Row, { depth, below }: Open, isLast: boolean): Open {
  // Guides of deep entries would leave no space for names.
  const guides = depth > MAX_GUIDES ? below.slice(2) : below;
  return {
    row,
    depth: depth + 1,
    guide: `${guides}${isLast ? '└ ' : '├ '}`,
    below: `${guides}${isLast ? '  ' : '│ '}`,
  };
}

function line({ row, guide }: Open, whole: number, isClosed: boolean, style: Style): string {
  const bytes = row.entry === undefined ? row.bytes : row.entry.total;
  const front = `  ${style.size(bytes)}  ${style.share(bytes, whole)}  `;
  const used = SIZE_WIDTH + style.shareWidth + 6;
  if (row.entry === undefined) {
    const more = style.bars ? `${row.count} more` : `${row.count} more in`;
    const where = style.bars ? '' : ` ${style.rest(row.above.path, 0)}`;
    return front + style.paint('dim', (style.bars ? guide : '') + more) + where;
  }
  const { entry } = row;
  if (!style.bars) return front + style.rest(entry.path, 0);
  const mark = entry.kind === 'directory' && row.name !== '/' ? '/' : '';
  const files = isClosed ? `  ${plural(entry.files, 'file')}` : '';
  const reserved = used + guide.length + mark.length + files.length;
  const name = style.rest(row.name, reserved) + mark;
  const painted = entry.kind === 'directory' ? style.paint('blue', name) : name;
  return front + style.paint('dim', guide) + painted + style.paint('dim', files);
}

/** The largest first, then by name; with `all`, nothing is folded. */
function rowsBelow(directory: Entry, root: Entry, all: boolean): readonly Row[] {
  const sorted = childrenOf(directory).sort((a, b) => b.total - a.total);
  const least = Math.max(root.total * SMALL, 1);
  const large = all ? sorted : sorted.filter(({ total }) => total >= least);
  const count = sorted.length - large.length;
  // A single entry is as long as the line for the folded ones.
  if (count <= 1) return sorted.map(joined);
  // If all entries are small, the directory's own line is enough.
  if (large.length === 0 && directory !== root) return [];
  const bytes = sorted.slice(large.length).reduce((sum, { total }) => sum + total, 0);
  return [...large.map(joined), { entry: undefined, above: directory, count, bytes }];
}

/** `usr/lib/x86_64-linux-gnu`, if each is the only child. */
function joined(entry: Entry): Row {
  let [here, name] = [entry, entry.name];
  while (here.children?.size === 1) {
    here = [...here.children.values()][0] as Entry;
    name += `/${here.name}`;
  }
  return { name, entry: here };
}
