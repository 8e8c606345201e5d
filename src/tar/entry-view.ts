/**
 * The entry view: entries and their contents, for whoever keeps them. It is the walk with nothing
 * written out: a header to look at, then its content in pieces, as chunks bring them. Nothing is
 * held, and there is no object and no stream per entry. Sparse files come as data and holes.
 */
import { printable } from '../text/printable.js';
import type { ViewedEntry } from './entry-header.js';
import type { GlobalHeader } from './global.js';
import { SparseContent } from './sparse-content.js';
import type { Trailing } from './trailing.js';
import { TarWalk } from './walk.js';
import { inSparseEntry } from './walk-errors.js';
import type { Ending, WalkHandler } from './walk-handler.js';

export type { ViewedEntry } from './entry-header.js';

/** What the view reports, in the stream's order. Entries and headers are valid during the call only. */
export interface ViewHandler {
  /** The next entry; `contentSize` bytes of data and holes follow it, unless it is dropped. */
  entry(entry: ViewedEntry): void | 'drop';
  /** The next bytes of its content: part of the chunk that was pushed, and valid as long as that is. */
  data(bytes: Buffer): void;
  /** The next `length` bytes of its content are zeros, and aren't in the archive. */
  hole(length: number): void;
  /** A global PAX header. */
  global?(header: GlobalHeader): void;
  /** As the walk's. */
  oddPadding?(): void;
  /** As the walk's. */
  badHeader?(block: Buffer): void;
}

export class EntryView {
  readonly #walk: TarWalk;
  readonly #handler: ViewHandler;
  /** Of the entry at hand, when it is sparse, and its name for a message. */
  #sparse: SparseContent | undefined;
  #sparseName = '';

  /** `name` is what an error message calls the stream. */
  constructor(handler: ViewHandler, name?: string) {
    this.#handler = handler;
    const view: WalkHandler = {
      entry: (entry) => this.#entry(entry),
      global: (header) => handler.global?.(header),
      oddPadding: () => handler.oddPadding?.(),
      badHeader: (block) => handler.badHeader?.(block),
      body: (bytes) => {
        if (this.#sparse === undefined) handler.data(bytes);
        else inSparseEntry(this.#sparseName, () => this.#sparse?.body(bytes));
      },
      sparseBlock: (block) => inSparseEntry(this.#sparseName, () => this.#sparse?.mapBlock(block)),
    };
    this.#walk = new TarWalk(view, name);
  }

  /** Entries seen. */
  get entries(): number {
    return this.#walk.entries;
  }

  /** Bytes read. */
  get offset(): number {
    return this.#walk.offset;
  }

  /** What stood behind the end-of-archive, if anything but zeros did. */
  get trailing(): Trailing | undefined {
    return this.#walk.trailing;
  }

  /**
   * Reads the next chunk, which stays the caller's; `owned` allows what the handler sets on entries
   * to be written into it. Throws a `DockerceptionError` of kind context when it isn't a tar,
   * and what the handler throws.
   */
  push(chunk: Buffer, owned = false): void {
    this.#walk.push(chunk, owned);
  }

  /** The stream is over. Throws TAR_TRUNCATED when it ended inside of something. */
  end(): Ending {
    return this.#walk.end();
  }

  #entry(entry: ViewedEntry): void | 'drop' {
    const { sparse } = entry;
    this.#sparse = sparse && new SparseContent(sparse, entry.size, this.#handler);
    if (this.#handler.entry(entry) === 'drop') return 'drop';
    if (this.#sparse === undefined) return;
    this.#sparseName = printable(entry.pathBytes);
    this.#sparse.begin();
  }
}
