/** The last line of a build: what there is now, where, and what to do with it. */
import { stat } from 'node:fs/promises';
import type { Built } from '../build.js';
import { isImageOutput, type Output, outputForm } from '../options/image.js';
import { formatBytes, formatContext } from '../text/format.js';
import { shellQuote } from '../text/shell-quote.js';

/** What a build was asked for beside its outputs. */
export interface Asked {
  readonly tags: readonly string[];
  readonly push: boolean;
  readonly load: boolean;
  /** Bytes of the builder's image, when there was one. */
  readonly builderSize: number | undefined;
  /** Since the command was started. */
  readonly milliseconds: number;
}

/** `built app from 85.0 kB, 3 entries, in 0.1 s: 1 layer, 82.1 kB; app.tar has 83.5 kB: docker load < app.tar` */
export async function summary(built: Built, asked: Asked): Promise<string> {
  const { bytes, entries } = built.context;
  const name = asked.tags[0] ?? (built.imageId.slice(0, 19) || 'the file system');
  const seconds = (asked.milliseconds / 1000).toFixed(1);
  const line = `built ${name} from ${formatContext(bytes, entries, 0)}, in ${seconds} s`;
  const { layers } = built;
  const size = layers && `${plural(layers.count, 'layer')}, ${formatBytes(layers.bytes)}`;
  const places = await Promise.all(built.outputs.map((output) => place(output)));
  const whereabouts = [
    ...(size === undefined ? [] : [size]),
    ...sizes(built, asked.builderSize),
    ...(asked.push ? ['pushed'] : []),
    ...(asked.load ? ['loaded'] : []),
    ...places.filter((text) => text !== undefined),
  ];
  // What is no file by now, a pipe or a device, can't be loaded from there.
  const archive = built.outputs.find(
    (output, at) => places[at] !== undefined && isArchiveFile(output),
  );
  const hint = archive === undefined || asked.load ? '' : `; load it with: ${loading(archive)}`;
  return `${[line, whereabouts.join(', ')].filter((part) => part !== '').join(': ')}${hint}\n`;
}

/** What it was all for: the builder's image beside the one that came out. */
function sizes(built: Built, builderSize: number | undefined): string[] {
  const size = built.layers?.bytes ?? built.size;
  if (builderSize === undefined || size === undefined || size === 0) return [];
  const ratio = Math.round(builderSize / size);
  const smaller = ratio > 1 ? `, 1/${ratio} of it` : '';
  return [`builder ${formatBytes(builderSize)}, image ${formatBytes(size)}${smaller}`];
}

async function place(output: Output): Promise<string | undefined> {
  const { type, dest } = output;
  if (dest === '-') return undefined;
  if (type === 'local') return `files in ${dest}`;
  if (outputForm(output) === 'layout') return `layout in ${dest}`;
  const what = type === 'tar' ? 'files' : 'archive';
  const file = await stat(dest).catch(() => undefined);
  // A pipe or a device has no size.
  return file?.isFile() === true ? `${what} in ${dest} (${formatBytes(file.size)})` : undefined;
}

function isArchiveFile(output: Output): boolean {
  return isImageOutput(output) && output.dest !== '-' && outputForm(output) === 'file';
}

function loading({ dest }: Output): string {
  return `docker load < ${shellQuote(dest)}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
