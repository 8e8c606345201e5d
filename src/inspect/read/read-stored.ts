/** An image that an engine has built, as what checks look at: it is read as its archive, once. */
import type { StoredImage } from '../../engine/engine.js';
import { messageOf } from '../../errors.js';
import { hostPlatform } from '../../image/platform.js';
import { formatBytes } from '../../text/format.js';
import type { CheckOptions } from '../check-options.js';
import type { Checked } from '../limits.js';
import { readStream } from './read-stream.js';
import { Silence } from './silence.js';

/**
 * Bytes of an image that is read for its findings alone. To get a large one out of an engine takes longer than to
 * build it, as a rule; limits are worth that.
 */
const MOST_UNASKED = 100_000_000;

/** Undefined for one that is too large to be read unasked, or can't be read where nothing hangs on it: that is said. */
export async function inspectStored(
  { id, size = 0, open }: StoredImage,
  { name, context, limits, report, signal }: CheckOptions,
): Promise<Checked | undefined> {
  if (limits === undefined && size > MOST_UNASKED) {
    const message = `not checked: it has ${formatBytes(size)}; dockerception inspect ${name} does it`;
    report({ kind: 'notice', message });
    return undefined;
  }
  const silence = new Silence(size, name, report, signal);
  try {
    const stream = silence.watch(await silence.during(open(silence.signal)));
    const source = { name, stream, complete: Promise.resolve() };
    const options = { target: name || id, context, platform: hostPlatform(), signal };
    return await readStream(source, { ...options, maxSize: limits?.maxSize });
  } catch (error) {
    signal.throwIfAborted();
    // Engine 28 gives archives of some images that lack what it has pulled and not unpacked.
    if (limits !== undefined) throw error;
    report({ kind: 'notice', message: `not checked: ${messageOf(error)}` });
    return undefined;
  } finally {
    silence.stop();
  }
}
