/**
 * The tree with sizes, the largest first. What is small, or deep, is folded into one line; a directory
 * that holds one thing alone is joined with it. No recursion: trees are deep.
 */
import type { Entry } from '../entry.js';
import { SIZE_WIDTH, type Style } from './style.js';
import { plural } from './summary.js';
import { hasFew, type Row, rowsBelow } from './tree-rows.js';

export interface TreeOptions {
  readonly depth?: number;
  readonly all?: boolean;
}

const DEPTH = 3;
const MOST_GUIDES = 6;

interface Open {
  readonly row: Row;
  readonly depth: number;
  /** What stands in front of its own lines, and in front of those below. */
  readonly guide: string;
  readonly below: string;
}

export function* treeLines(root: Entry, style: Style, options: TreeOptions): Generator<string> {
  const all = options.all === true;
  const depth = options.depth ?? (all ? Infinity : DEPTH);
  const whole = all || hasFew(root);
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
  // Further down they would take the place of the names: the outermost go.
  const guides = depth > MOST_GUIDES ? below.slice(2) : below;
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
  const room = used + guide.length + mark.length + files.length;
  const name = style.rest(row.name, room) + mark;
  const painted = entry.kind === 'directory' ? style.paint('blue', name) : name;
  return front + style.paint('dim', guide) + painted + style.paint('dim', files);
}
