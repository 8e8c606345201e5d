/**
 * Progress of transfers as plain data, in the shape of BuildKit's `SolveStatus`: one vertex for the
 * whole, one status for each blob. A `Report` of progress/events takes it.
 */
import { messageOf } from '../../errors.js';

/** What is told; a subset of the events that displays know. */
export interface TransferEvent {
  readonly kind: 'status';
  readonly status: {
    readonly vertexes?: readonly TransferVertex[];
    readonly statuses?: readonly TransferStatus[];
  };
}

export type TransferReport = (event: TransferEvent) => void;

interface TransferVertex {
  readonly digest: string;
  readonly name: string;
  readonly started?: string;
  readonly completed?: string;
  readonly error?: string;
}

interface TransferStatus {
  readonly id: string;
  readonly vertex: string;
  readonly name: string;
  readonly current: number;
  readonly total: number;
  readonly timestamp: string;
  readonly started?: string;
  readonly completed?: string;
}

/** Milliseconds between two reports of one blob. */
const INTERVAL = 100;

/** The transfers of one vertex, which is shown from the first of them on. */
export class Transfers {
  /** Two transfers may have one name: the same image for two platforms. */
  static #count = 0;
  readonly #report: TransferReport;
  #vertex: TransferVertex;

  /** @param name what a person reads: `pushing app:latest` */
  constructor(report: TransferReport, name: string) {
    this.#report = report;
    this.#vertex = { digest: `transfer:${++Transfers.#count}`, name };
  }

  /** Begins a blob; a second time for a blob that is sent anew. */
  blob(id: string, total: number): BlobProgress {
    this.start();
    const started = now();
    let last = 0;
    const tell = (current: number, more: { completed?: string; name?: string } = {}): void => {
      last = performance.now();
      const vertex = this.#vertex.digest;
      const status = { id, vertex, name: id, current, total, timestamp: now(), started, ...more };
      this.#report({ kind: 'status', status: { statuses: [status] } });
    };
    tell(0);
    return {
      at: (current) => {
        if (performance.now() - last >= INTERVAL) tell(current);
      },
      done: (how) => tell(total, { completed: now(), ...(how ? { name: `${id} (${how})` } : {}) }),
    };
  }

  /** Shows the vertex for as long as something takes, and how it ended. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.start();
    try {
      const result = await work();
      this.end();
      return result;
    } catch (error) {
      this.end(messageOf(error));
      throw error;
    }
  }

  start(): void {
    if (this.#vertex.started === undefined) this.#change({ started: now() });
  }

  /** Ends the vertex, with a message when it failed. */
  end(error?: string): void {
    if (this.#vertex.started !== undefined && this.#vertex.completed === undefined)
      this.#change({ completed: now(), ...(error === undefined ? {} : { error }) });
  }

  #change(change: Partial<TransferVertex>): void {
    this.#vertex = { ...this.#vertex, ...change };
    this.#report({ kind: 'status', status: { vertexes: [this.#vertex] } });
  }
}

/** One blob's way. */
export interface BlobProgress {
  /** Bytes so far. */
  readonly at: (current: number) => void;
  /** It is there; `how` says what made the transfer needless. */
  readonly done: (how?: string) => void;
}

function now(): string {
  return new Date().toISOString();
}

/**
 * Runs `work` for every item, at most `limit` at once, in their order. The first failure starts no more
 * of them; what runs is waited for, and then the failure is thrown.
 */
export async function eachOf<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const queue = items.values();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (failed) return;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(limit, items.length) }, worker);
  const ends = await Promise.allSettled(workers);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
