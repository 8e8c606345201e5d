/**
 * A tar that may be a context or an image archive, read once: which it is, is known only at its end
 * (`docker save` writes manifest.json last). What could be a layer or a document of an image is read as one on its
 * way; and all of it as a context, too.
 */
import { Evidence, explain, unterminated } from '../../source/diagnose.js';
import type { Source } from '../../source/source.js';
import { TarWalk } from '../../tar/walk.js';
import { printable } from '../../text/printable.js';
import { Pass, type PassedArchive, type PassOptions } from './archive-scan.js';
import { Budget } from './budgets.js';
import { Contents } from './layer-contents.js';
import { Room } from './memory-budget.js';
import { LayerRecorder } from './record-layer.js';

/**
 * Reads a source to its end; its stream is destroyed when that fails.
 * @throws DockerceptionError of kind context: what the walk throws, TAR_UNTERMINATED; of kind limit; the
 *   signal's reason
 */
export async function passArchive(source: Source, options: PassOptions): Promise<PassedArchive> {
  const { stream, complete } = source;
  const name = printable(source.name);
  const { maxSize, signal, wanted } = options;
  const evidence = new Evidence();
  const contents = await Contents.create('', wanted);
  const room = new Room();
  const recorder = new LayerRecorder(contents, new Budget(maxSize), room);
  const pass = new Pass(recorder, room, options);
  const view = new TarWalk(pass, name);
  const abort = (): void => void stream.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort);
  try {
    signal.throwIfAborted();
    for await (const chunk of stream) {
      evidence.note(chunk as Buffer);
      view.push(chunk as Buffer);
      await pass.ready();
    }
    if (view.end() === 'unterminated')
      throw unterminated(name, 'what wrote it has probably failed');
    await complete;
    return { ...(await pass.end(view.offset)), trailing: view.trailing };
  } catch (error) {
    await pass.close();
    throw signal.aborted ? signal.reason : explain(error, name, evidence);
  } finally {
    signal.removeEventListener('abort', abort);
    stream.destroy();
  }
}
