/** The options and the context of a build, in the form in which engines need them. */
import { finished, type Readable } from 'node:stream';
import type { BuildResult, EngineRequest, ImageCheck } from './engine.js';

/** A build context that BuildKit fetches; directories are sent by this tool. */
export const REMOTE = /^(?:docker-image:\/\/|https?:\/\/|git:\/\/|git@|ssh:\/\/git@)./;

/** Calls `done` when a context has ended, with an error if it has failed or was closed early. */
export function onContextEnd(stream: Readable, done: (error?: Error) => void): void {
  finished(stream, { writable: false }, (error) => {
    const isClosed = error?.code === 'ERR_STREAM_PREMATURE_CLOSE';
    done(isClosed ? new Error('the context’s stream was closed early') : (error ?? undefined));
  });
}

/**
 * Delivers a result, and then searches the image for findings, which cannot change it any more. With limits, the check was
 * made before the image got its name.
 */
export async function searchDelivered(
  { check, deliver }: EngineRequest,
  result: BuildResult,
  search: (check: ImageCheck) => Promise<void> | undefined,
): Promise<BuildResult> {
  if (check === undefined || check.hasLimits) return result;
  await deliver?.(result);
  await search(check)?.catch(() => undefined);
  return result;
}

/** Adds `SOURCE_DATE_EPOCH` of the environment to build arguments that have none, as buildx does. */
export function withSourceDateEpoch(
  buildArgs: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
): Readonly<Record<string, string>> {
  const epoch = env['SOURCE_DATE_EPOCH'];
  return epoch === undefined ? buildArgs : { SOURCE_DATE_EPOCH: epoch, ...buildArgs };
}

/** `HOST:IP` or `HOST=IP` of `--add-host`, with another separator, and an address without brackets. */
export function hostWith(separator: string, text: string): string {
  return text.replace(/[:=]\[?(.*?)\]?$/, `${separator}$1`);
}
