/**
 * A file system, from the columns that the page has: typed arrays, an entry is a number. A walk's
 * order puts everything at and below an entry side by side: from itself to `ends` of it.
 */
import type { EntryColumns } from '../../data.js';

/** One name, put together for whoever shows it. */
export interface EntryFacts {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since 1970. */
  readonly mtime: number;
}

export class FileTree {
  readonly count: number;
  readonly names: readonly string[];
  /** The root's is -1. */
  readonly parents: Int32Array;
  /** One behind the last entry below. */
  readonly ends: Int32Array;
  /** Bytes at and below; a file with several names counts where its first is. */
  readonly totals: Float64Array;
  /** Files at and below, every name counted. */
  readonly files: Int32Array;
  readonly layers: readonly number[];
  readonly sizes: readonly number[];
  private readonly times: Float64Array;
  private readonly targets: ReadonlyMap<number, string>;
  private readonly firsts: ReadonlyMap<number, number>;
  private readonly devices: ReadonlyMap<number, string>;
  private readonly attributes: ReadonlyMap<number, readonly string[]>;
  private readonly sorted = new Map<number, readonly number[]>();

  constructor(private readonly columns: EntryColumns) {
    this.names = columns.names.split('/');
    this.count = this.names.length;
    this.sizes = columns.sizes;
    this.layers = columns.layers;
    this.targets = new Map(columns.targets);
    this.firsts = new Map(columns.again);
    this.devices = new Map(columns.devices.map(([at, major, minor]) => [at, `${major}:${minor}`]));
    this.attributes = new Map(columns.xattrs);
    this.parents = new Int32Array(this.count);
    this.ends = new Int32Array(this.count);
    this.totals = new Float64Array(this.count);
    this.files = new Int32Array(this.count);
    this.times = new Float64Array(this.count);
    this.link();
    this.add();
  }

  /** Parents, and the sums of times. */
  private link(): void {
    const open: number[] = [];
    let time = 0;
    for (let at = 0; at < this.count; at++) {
      const depth = this.columns.depths[at] as number;
      open.length = depth;
      this.parents[at] = open[depth - 1] ?? -1;
      open.push(at);
      time += this.columns.times[at] as number;
      this.times[at] = time;
    }
  }

  /** From the last to the first: whatever is below has been added by then. */
  private add(): void {
    for (let at = this.count - 1; at >= 0; at--) {
      if (this.kindOf(at) === 'f') {
        this.files[at]! += 1;
        if (!this.firsts.has(at)) this.totals[at]! += this.sizes[at] as number;
      }
      this.ends[at] = Math.max(this.ends[at] as number, at + 1);
      const parent = this.parents[at] as number;
      if (parent < 0) continue;
      this.totals[parent]! += this.totals[at] as number;
      this.files[parent]! += this.files[at] as number;
      this.ends[parent] = Math.max(this.ends[parent] as number, this.ends[at] as number);
    }
  }

  /** The letter of its kind. */
  kindOf(at: number): string {
    return this.columns.kinds[at] as string;
  }

  /** The letter of what its content is. */
  contentOf(at: number): string {
    return this.columns.contents[at] as string;
  }

  isFolder(at: number): boolean {
    return this.kindOf(at) === 'd';
  }

  parentOf(at: number): number | undefined {
    const parent = this.parents[at] as number;
    return parent < 0 ? undefined : parent;
  }

  /** From the root down to it. */
  lineOf(at: number): number[] {
    const line: number[] = [];
    for (let here: number | undefined = at; here !== undefined; here = this.parentOf(here)) {
      line.push(here);
    }
    return line.reverse();
  }

  pathOf(at: number): string {
    if (at === 0) return '/';
    return this.lineOf(at)
      .map((entry) => this.names[entry])
      .join('/');
  }

  /** What a directory holds, the largest first; kept, since sorting ten thousand takes a moment. */
  childrenOf(at: number): readonly number[] {
    let children = this.sorted.get(at);
    if (children === undefined) {
      const found: number[] = [];
      const end = this.ends[at] as number;
      for (let child = at + 1; child < end; child = this.ends[child] as number) found.push(child);
      const totals = this.totals;
      children = found.sort((a, b) => (totals[b] as number) - (totals[a] as number) || a - b);
      this.sorted.set(at, children);
    }
    return children;
  }

  /** The entry at an absolute path, no link followed. */
  find(path: string): number | undefined {
    let here = 0;
    for (const name of path.split('/')) {
      if (name === '') continue;
      const end = this.ends[here] as number;
      let child = here + 1;
      while (child < end && this.names[child] !== name) child = this.ends[child] as number;
      if (child >= end) return undefined;
      here = child;
    }
    return here;
  }

  factsOf(at: number): EntryFacts {
    const owner = this.columns.owners[this.columns.owned[at] as number];
    const [mode, uid, gid] = owner ?? [0, 0, 0];
    return { mode, uid, gid, mtime: this.times[at] as number };
  }

  targetOf(at: number): string | undefined {
    return this.targets.get(at);
  }

  /** Of a further name of a file: its first. */
  firstOf(at: number): number | undefined {
    return this.firsts.get(at);
  }

  deviceOf(at: number): string | undefined {
    return this.devices.get(at);
  }

  attributesOf(at: number): readonly string[] {
    return this.attributes.get(at) ?? [];
  }
}
