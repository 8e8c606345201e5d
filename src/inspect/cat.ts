/**
 * `--cat PATH`: one file of an image or a context. Which layer's it is, is known when all of them were
 * read: then they are read once more, up to it. What can be read only once keeps what has that very name.
 */
import { fstatSync } from 'node:fs';
import { nearest } from '../dockerfile/nearest.js';
import { DockerceptionError } from '../errors.js';
import type { Sink } from '../sink/sink.js';
import { formatBytes } from '../progress/format.js';
import { printable } from '../tar/printable.js';
import type { Content } from './content.js';
import type { Listener, Wanted } from './contents.js';
import { find, type Entry } from './entry.js';
import { inspectReading, type InspectOptions } from './inspect.js';
import type { Inspection } from './inspection.js';

/** Bytes that are kept of what is read from a pipe. */
const MOST = 64 << 20;

/**
 * Writes the content of a file to `sink`, which is not ended.
 * @throws DockerceptionError of kind usage: CAT_NOT_FOUND, CAT_NOT_A_FILE, CAT_PIPE; those of `inspect`, of the sink
 */
export async function cat(path: string, options: InspectOptions, sink: Sink): Promise<void> {
  const isPipe = (options.target ?? '-') === '-' && !fstatSync(0).isFile();
  const kept = new Kept(absolute(path));
  const inspection = await inspectReading(isPipe ? { ...options, wanted: kept.wanted } : options);
  const entry = fileAt(inspection, path);
  const { content } = entry;
  if (entry.size === 0 || content === undefined) return;
  if (!isPipe) return again(content, options, sink);
  const bytes = kept.bytesOf(content);
  if (bytes === undefined) throw onlyOnce(path, entry);
  for (const chunk of bytes) {
    sink.write(chunk);
    await sink.ready();
  }
}

function fileAt({ root, target }: Inspection, path: string): Entry {
  const entry = find(root, path);
  const doing = `reading ${printable(path)} of ${printable(target)}`;
  if (entry?.kind === 'file') return entry;
  if (entry !== undefined) {
    const what = entry.kind === 'directory' ? 'a directory' : `a ${entry.kind.replace('-', ' ')}`;
    throw usage('CAT_NOT_A_FILE', `${doing}: it is ${what}`, '--list shows every name');
  }
  const link = find(root, path, false);
  if (link !== undefined)
    throw usage(
      'CAT_NOT_FOUND',
      `${doing}: it is a link to ${printable(link.target ?? '')}, and nothing is there`,
    );
  const folder = find(root, path.replace(/\/*[^/]*\/*$/, '') || '/');
  const near = nearest(path.replace(/^.*\//, ''), [...(folder?.children?.keys() ?? [])]);
  const names = near.map((name) => printable(`${folder?.path.replace(/\/$/, '')}/${name}`));
  const hint = names.length > 0 ? `there is ${names.join(', ')}` : '--list shows every name';
  throw usage('CAT_NOT_FOUND', `${doing}: it is not there`, hint);
}

/** Reads everything once more, and stops behind the file. */
async function again(content: Content, options: InspectOptions, sink: Sink): Promise<void> {
  const done = new AbortController();
  const listener: Listener = {
    append: (bytes) => sink.write(bytes),
    ready: () => sink.ready(),
    end: () => done.abort(),
  };
  const signals = [done.signal, ...(options.signal === undefined ? [] : [options.signal])];
  const wanted: Wanted = (blob, index) =>
    blob === content.blob && index === content.index ? listener : undefined;
  try {
    await inspectReading({ ...options, signal: AbortSignal.any(signals), wanted });
  } catch (error) {
    if (!done.signal.aborted) throw error;
  }
  await sink.ready();
}

/** What had the name that is wanted, in whatever layer. */
class Kept {
  readonly #kept = new Map<string, Buffer[]>();
  #size = 0;

  constructor(private readonly path: string) {}

  readonly wanted: Wanted = (blob, index, path) => {
    if (path !== this.path) return undefined;
    const chunks: Buffer[] = [];
    this.#kept.set(`${index} ${blob}`, chunks);
    return {
      append: (bytes) => {
        this.#size += bytes.length;
        if (this.#size > MOST) throw tooLarge(this.path);
        chunks.push(Buffer.from(bytes));
      },
      ready: () => undefined,
      end: () => undefined,
    };
  };

  bytesOf({ blob, index }: Content): readonly Buffer[] | undefined {
    return this.#kept.get(`${index} ${blob}`);
  }
}

function absolute(path: string): string {
  return `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}

function onlyOnce(path: string, { path: end }: Entry): DockerceptionError {
  const message = `reading ${printable(path)}: it leads to ${printable(end)}, and a pipe can't be read again`;
  return usage('CAT_PIPE', message, `--cat ${printable(end)}, or name a file in place of the pipe`);
}

function tooLarge(path: string): DockerceptionError {
  const message = `reading ${printable(path)}: it has more than ${formatBytes(MOST)}, and a pipe can't be read again`;
  return usage('CAT_PIPE', message, 'name a file in place of the pipe');
}

function usage(code: string, message: string, hint?: string): DockerceptionError {
  return new DockerceptionError('usage', code, message, hint === undefined ? {} : { hint });
}
