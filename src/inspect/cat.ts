/**
 * `--cat PATH`: one file of an image or a context. Which layer's it is, is known when all of them were
 * read: then they are read once more, up to it. What can be read only once keeps what has that very name.
 */
import { stat } from 'node:fs/promises';
import type { ErrorCode } from '../error-codes.js';
import { DockerceptionError } from '../errors.js';
import { type CompleteInspection, INSPECT, type InspectOptions } from '../options/inspect.js';
import { normalise } from '../options/schema.js';
import type { Sink } from '../sink/sink.js';
import { printable } from '../text/printable.js';
import { nearestNames } from '../text/suggest.js';
import { trimEnd } from '../text/trim.js';
import { type Entry, find, walk } from './entry.js';
import { inspectReading } from './inspect.js';
import type { Inspection } from './inspection.js';
import { IntoSink } from './into-sink.js';
import { Kept } from './kept.js';
import type { Content } from './probe/content.js';
import type { Listener, Wanted } from './read/layer-contents.js';

/**
 * Writes the content of a file to `sink`, which is not ended.
 * @throws DockerceptionError of kind usage: CAT_NOT_FOUND, CAT_NOT_A_FILE, CAT_PIPE; those of `inspect`, of the sink
 */
export async function cat(path: string, given: InspectOptions, sink: Sink): Promise<void> {
  const options = normalise(INSPECT, given);
  const isPipe = await isReadOnce(options.target);
  const kept = new Kept(absolute(path));
  const inspection = await inspectReading(isPipe ? { ...options, wanted: kept.wanted } : options);
  const entry = fileAt(inspection, path);
  const { content } = entry;
  if (entry.size === 0 || content === undefined) return;
  if (!isPipe) return again(content, options, sink);
  const bytes = kept.bytesOf(content);
  if (bytes === undefined) throw onlyOnce(path, entry, inspection);
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
  const folder = find(root, folderOf(path));
  const near = nearestNames(path.replace(/^.*\//, ''), [...(folder?.children?.keys() ?? [])]);
  const names = near.map((name) => printable(`${folder?.path.replace(/\/$/, '')}/${name}`));
  const hint = names.length > 0 ? `there is ${names.join(', ')}` : '--list shows every name';
  throw usage('CAT_NOT_FOUND', `${doing}: it is not there`, hint);
}

/** Standard input may be a file, but where it began is the shell's to know. */
async function isReadOnce(target: string): Promise<boolean> {
  if (target === '-') return true;
  const found = await stat(target).catch(() => undefined);
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

/** Reads everything once more, and stops behind the file. */
async function again(content: Content, options: CompleteInspection, sink: Sink): Promise<void> {
  const done = new AbortController();
  const into = new IntoSink(sink, options.signal);
  const listener: Listener = {
    append: (bytes) => into.append(bytes),
    hole: (length) => into.hole(length),
    ready: () => into.ready(),
    end: () => done.abort(),
  };
  const wanted: Wanted = (blob, index) =>
    blob === content.blob && index === content.index ? listener : undefined;
  try {
    await inspectReading({
      ...options,
      signal: AbortSignal.any([done.signal, options.signal]),
      wanted,
    });
  } catch (error) {
    if (!done.signal.aborted) throw error;
  }
  await into.ready();
}

function absolute(path: string): string {
  return `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}

/** The name that its content came by is another one: behind a link, or a hard link's. */
function onlyOnce(path: string, entry: Entry, { root }: Inspection): DockerceptionError {
  const others = entry.links === undefined ? [] : [...walk(root)].filter(isLinkOf(entry));
  const isSame = entry.path === absolute(path);
  const end = printable((isSame ? others[0] : entry)?.path ?? entry.path);
  const hint = isSame && others.length === 0 ? '' : `--cat ${end}, or `;
  const message = `reading ${printable(path)}: its content came as ${end}, and a pipe can't be read again`;
  return usage('CAT_PIPE', message, `${hint}name a file in place of the pipe`);
}

function isLinkOf(entry: Entry): (other: Entry) => boolean {
  return (other) => other !== entry && other.links === entry.links;
}

function usage(code: ErrorCode, message: string, hint?: string): DockerceptionError {
  return new DockerceptionError('usage', code, message, { hint });
}

/** The path of the folder that a path's last component is in. */
function folderOf(path: string): string {
  const inside = trimEnd(path, '/');
  return trimEnd(inside.slice(0, inside.lastIndexOf('/') + 1), '/') || '/';
}
