/**
 * A file system, read from the columns of the page into typed arrays; an entry is a number. The order of a walk
 * puts an entry and everything below it side by side: from the entry itself up to `ends` of it.
 */
import type { EntryColumns } from '../../data.js';

export class FileTree {
  readonly count: number;
  readonly names: readonly string[];
  /** -1 for the root. */
  readonly parents: Int32Array;
  /** One past the last entry below. */
  readonly ends: Int32Array;
  /** Bytes at and below; a file with several names counts at the first. */
  readonly totals: Float64Array;
  /** Files at and below; every name counts. */
  readonly files: Int32Array;
  readonly layers: readonly number[];
  readonly sizes: readonly number[];
  /** Targets of symbolic links. */
  readonly targets: ReadonlyMap<number, string>;
  /** For a further name of a file, the entry with its first name. */
  readonly firsts: ReadonlyMap<number, number>;
  readonly devices: ReadonlyMap<number, string>;
  /** Names of extended attributes. */
  readonly xattrs: ReadonlyMap<number, readonly string[]>;
  private readonly times: Float64Array;
  private readonly sorted = new Map<number, readonly number[]>();

  constructor(private readonly columns: EntryColumns) {
    this.names = columns.names.split('/');
    this.count = this.names.length;
    this.sizes = columns.sizes;
    this.layers = columns.layers;
    this.targets = new Map(columns.targets);
    this.firsts = new Map(columns.again);
    this.devices = new Map(columns.devices.map(([at, major, minor]) => [at, `${major}:${minor}`]));
    this.xattrs = new Map(columns.xattrs);
    this.parents = new Int32Array(this.count);
    this.ends = new Int32Array(this.count);
    this.totals = new Float64Array(this.count);
    this.files = new Int32Array(this.count);
    this.times = new Float64Array(this.count);
    this.link();
    this.sum();
  }

  /** Sets parents and times. */
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

  /** Sets ends and totals, from the last entry to the first. */
  private sum(): void {
    for (let at = this.count - 1; at >= 0; at--) {
      if (this.kindOf(at) === 'f') {
        this.files[at]! += 1;
        this.totals[at]! += this.bytesOf(at);
      }
      this.ends[at] = Math.max(this.ends[at] as number, at + 1);
      const parent = this.parents[at] as number;
      if (parent < 0) continue;
      this.totals[parent]! += this.totals[at] as number;
      this.files[parent]! += this.files[at] as number;
      this.ends[parent] = Math.max(this.ends[parent] as number, this.ends[at] as number);
    }
  }

  /** A letter of `KINDS`. */
  kindOf(at: number): string {
    return this.columns.kinds[at] as string;
  }

  /** The letter of `contents` in the columns. */
  contentOf(at: number): string {
    return this.columns.contents[at] as string;
  }

  isFolder(at: number): boolean {
    return this.kindOf(at) === 'd';
  }

  /** Bytes of a file at its first name; 0 for anything else. */
  bytesOf(at: number): number {
    return this.firsts.has(at) ? 0 : (this.sizes[at] ?? 0);
  }

  /** The entries from the root down to this one. */
  lineOf(at: number): number[] {
    const line: number[] = [];
    for (let here = at; here >= 0; here = this.parents[here] as number) line.push(here);
    return line.reverse();
  }

  pathOf(at: number): string {
    if (at === 0) return '/';
    return this.lineOf(at)
      .map((entry) => this.names[entry])
      .join('/');
  }

  /** The entries of a directory, the largest first; cached. */
  childrenOf(at: number): readonly number[] {
    let children = this.sorted.get(at);
    if (children === undefined) {
      const found: number[] = [];
      const end = this.ends[at] as number;
      for (let child = at + 1; child < end; child = this.ends[child] as number) found.push(child);
      this.sorted.set(at, (children = this.largestFirst(found)));
    }
    return children;
  }

  /** Sorts entries in place. */
  largestFirst(entries: number[]): number[] {
    const { totals } = this;
    return entries.sort((a, b) => (totals[b] as number) - (totals[a] as number) || a - b);
  }

  /** The entry at an absolute path; links are not followed. */
  find(path: string): number | undefined {
    let here: number | undefined = 0;
    for (const name of path.split('/').filter(Boolean))
      here =
        here === undefined
          ? here
          : this.childrenOf(here).find((child) => this.names[child] === name);
    return here;
  }

  /** Mode, owner, and modification time in seconds since 1970. */
  factsOf(at: number): { mode: number; uid: number; gid: number; mtime: number } {
    const owner = this.columns.owners[this.columns.owned[at] as number];
    const [mode, uid, gid] = owner ?? [0, 0, 0];
    return { mode, uid, gid, mtime: this.times[at] as number };
  }
}
