/** Files of this program, which are beside its modules, or inside a single executable (Node.js, "Single executable applications"). */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { getAsset, isSea } from 'node:sea';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * The text of a file.
 *
 * @param url its address; a single executable has it under its base name.
 * @throws the system's error if it is missing.
 */
export function programText(url: URL): string {
  return isSea() ? getAsset(basename(url.pathname), 'utf8') : readFileSync(url, 'utf8');
}

/** Starts a thread from a file. Flags of the process such as --input-type do not apply to it. */
export function programThread(url: URL, options: WorkerOptions): Worker {
  return isSea()
    ? new Worker(programText(url), { ...options, execArgv: [], eval: true })
    : new Worker(url, { ...options, execArgv: [] });
}
