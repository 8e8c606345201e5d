/** Progress of transfers in the form of BuildKit's `SolveStatus`: a vertex for an image, a status for each blob. */
import { messageOf } from '../../errors.js';
import { type Descriptor, OCI_CONFIG, ociMediaType } from '../descriptor.js';

/** A subset of the events that displays accept. */
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

/** The transfers of one vertex, which is reported from the first one on. */
export class Transfers {
  /** The same image for two platforms has two vertexes. */
  static #count = 0;
  #vertex: TransferVertex;

  /** @param name for display: `pushing app:latest` */
  constructor(
    private readonly report: TransferReport | undefined,
    name: string,
  ) {
    this.#vertex = { digest: `transfer:${++Transfers.#count}`, name };
  }

  /** Begins a blob, again for each attempt. */
  blob(doing: 'pulling' | 'pushing', { mediaType, digest, size: total }: Descriptor): BlobProgress {
    const id = `${doing} ${ociMediaType(mediaType) === OCI_CONFIG ? 'config' : 'layer'} ${digest}`;
    const vertex = this.#vertex.digest;
    const started = now();
    let last = 0;
    const report = (current: number, more: { completed?: string; name?: string } = {}): void => {
      last = performance.now();
      const status = { id, vertex, name: id, current, total, timestamp: now(), started, ...more };
      this.report?.({ kind: 'status', status: { statuses: [status] } });
    };
    this.start();
    report(0);
    return {
      at: (current) => {
        if (performance.now() - last >= INTERVAL) report(current);
      },
      done: (how) => report(total, { completed: now(), ...(how && { name: `${id} (${how})` }) }),
    };
  }

  /** Reports the vertex while `work` runs, and how it ended. */
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

  /** Ends the vertex, with the message of a failure if any. */
  end(error?: string): void {
    if (this.#vertex.started !== undefined && this.#vertex.completed === undefined)
      this.#change({ completed: now(), ...(error !== undefined && { error }) });
  }

  #change(change: Partial<TransferVertex>): void {
    this.#vertex = { ...this.#vertex, ...change };
    this.report?.({ kind: 'status', status: { vertexes: [this.#vertex] } });
  }
}

/** The progress of one blob. */
export interface BlobProgress {
  /** Reports the bytes so far. */
  readonly at: (current: number) => void;
  /** Reports the end; `how` is a reason why nothing was transferred. */
  readonly done: (how?: string) => void;
}

function now(): string {
  return new Date().toISOString();
}

/** Concurrent transfers. */
const CONCURRENCY = 4;

/**
 * Runs `work` for every item in order, at most {@link CONCURRENCY} at once. After a failure no more are started, and the call
 * rejects when the running ones have ended.
 */
export async function forEachConcurrently<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  function* each(): Generator<T> {
    yield* items;
  }
  const queue = each();
  const worker = async (): Promise<void> => {
    // A failure ends the generator for all workers.
    for (const item of queue) await work(item);
  };
  const workers = Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker);
  for (const end of await Promise.allSettled(workers))
    if (end.status === 'rejected') throw end.reason;
}
