/** Inspects an image that an engine has built: by its archive, or in a registry. */
import { addAbortSignal } from 'node:stream';
import { PulledStream } from '../../compression/pulled-stream.js';
import type { StoredImage } from '../../engine/engine.js';
import { DockerceptionError, messageOf } from '../../errors.js';
import type { Image } from '../../image/manifest.js';
import { hostPlatform } from '../../image/platform.js';
import { announced } from '../../progress/events.js';
import { formatBytes } from '../../text/format.js';
import { printable } from '../../text/printable.js';
import type { CheckedImage, CheckOptions } from '../limits.js';
import { readImage } from './read-image.js';
import { readStream } from './read-stream.js';

/** Bytes up to which an image without limits is read: an engine may take longer to export a large one than to build it. */
const MAX_SIZE_UNLIMITED = 100_000_000;
/** Milliseconds for an empty image. */
const BASE_TIMEOUT = 30_000;
/** Bytes per millisecond that a slow disk writes: Docker 20.10 stores the whole archive before it sends the first byte. */
const MIN_DISK_SPEED = 5_000;

/**
 * Undefined, after a notice, if there are no limits and the image is too large or can't be read.
 * @throws as {@link readStream}; ENGINE_STALLED of kind engine if the engine sends nothing for too long
 */
export async function inspectStored(
  { id, size = 0, platform = hostPlatform(), open }: StoredImage,
  { name, context, limits, report, signal }: CheckOptions,
): Promise<CheckedImage | undefined> {
  if (limits === undefined && size > MAX_SIZE_UNLIMITED) {
    report({ kind: 'notice', message: tooLarge(size, name) });
    return undefined;
  }
  const checking = `checking ${printable(name)}`;
  const timeout = BASE_TIMEOUT + size / MIN_DISK_SPEED;
  const stalled = new AbortController();
  const received = async <T>(data: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => stalled.abort(stallError(checking, timeout)), timeout);
    try {
      return await announced(data, report, `${checking}: waiting for the engine to send the image`);
    } finally {
      clearTimeout(timer);
    }
  };
  try {
    const either = AbortSignal.any([signal, stalled.signal]);
    const archive = await received(open(either));
    // Errors before the first read are reported by the iterator.
    archive.on('error', () => undefined);
    const chunks = archive[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
    // Destroyed when the engine stalls, but not when the reader does.
    const stream = new PulledStream(
      () => received(chunks.next()),
      () => void archive.destroy(),
    );
    addAbortSignal(either, stream);
    const source = { name, stream, complete: Promise.resolve() };
    const options = { target: name || id, context, platform, signal };
    return await readStream(source, { ...options, maxSize: limits?.maxSize });
  } catch (error) {
    signal.throwIfAborted();
    const first: unknown = stalled.signal.aborted ? stalled.signal.reason : error;
    // Archives of Engine 28 may lack layers that it has pulled and not unpacked.
    if (limits !== undefined) throw first;
    report({ kind: 'notice', message: `not checked: ${messageOf(first)}` });
    return undefined;
  }
}

/**
 * Undefined, after a notice, if the image is too large or can't be read. Never rejects.
 * @param known the inspection of the opened image if its layers need not be read
 */
export async function inspectPushed(
  open: () => Promise<Image>,
  known: (image: Image) => Promise<CheckedImage | undefined> | undefined,
  { name, report, signal }: CheckOptions,
): Promise<CheckedImage | undefined> {
  let image: Image | undefined;
  try {
    image = await open();
    const found = await known(image);
    if (found !== undefined) return found;
    const size = image.layers.reduce((sum, layer) => sum + layer.size, 0);
    if (size <= MAX_SIZE_UNLIMITED) return await readImage(image, { target: name, signal });
    report({ kind: 'notice', message: tooLarge(size, `docker-image://${name}`) });
  } catch (error) {
    if (!signal.aborted) report({ kind: 'notice', message: `not checked: ${messageOf(error)}` });
  } finally {
    await image?.close?.();
  }
  return undefined;
}

function tooLarge(size: number, target: string): string {
  return `not checked: it has ${formatBytes(size)}; dockerception inspect ${target} does it`;
}

function stallError(checking: string, timeout: number): DockerceptionError {
  const message = `${checking}: the engine sent nothing for ${Math.round(timeout / 1000)} s`;
  const hint = 'see the engine’s own log, then try again';
  return new DockerceptionError('engine', 'ENGINE_STALLED', message, { hint });
}
