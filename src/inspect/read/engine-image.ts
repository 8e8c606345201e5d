/** An image of the engine as a source: the archive that the engine writes. */
import { connectTo, hasImage, imageArchive } from '../../engine/docker/index.js';
import { DockerceptionError } from '../../errors.js';
import type { Source } from '../../source/source.js';
import { printable } from '../../text/printable.js';

/** @throws DockerceptionError TARGET_NOT_FOUND of kind usage if there is neither a file nor an image; of kind engine */
export async function engineSource(
  reference: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Source> {
  const connection = await connectTo(env);
  const shown = printable(reference);
  const asFile = /[/.]|^\w+$/.test(reference);
  const notAFile = asFile ? `there is no file or folder ${shown}, and ` : '';
  try {
    if (!(await hasImage(connection, reference, signal)))
      throw notFound(
        shown,
        `${notAFile}the engine at ${connection.endpoint.url} has no such image`,
      );
  } catch (error) {
    if (!(error instanceof DockerceptionError) || error.code !== 'ENGINE_UNREACHABLE') throw error;
    throw error.with({
      message: `looking for ${shown}: ${notAFile}${error.message}`,
      hint: `docker-image://${shown} reads it from its registry; an archive, a layout, a folder and - need no engine either`,
    });
  }
  const stream = await imageArchive(connection, reference, signal);
  return { name: reference, stream, complete: Promise.resolve() };
}

function notFound(shown: string, why: string): DockerceptionError {
  return new DockerceptionError('usage', 'TARGET_NOT_FOUND', `looking for ${shown}: ${why}`, {
    hint: `docker-image://${shown} reads it from its registry`,
  });
}
