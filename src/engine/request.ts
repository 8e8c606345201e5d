/** The options and the context of a build, in the form in which engines need them. */
import { finished, type Readable } from 'node:stream';
import { DockerceptionError } from '../errors.js';

/** Calls `done` when a context has ended, with an error if it has failed or was closed early. */
export function onContextEnd(stream: Readable, done: (error?: Error) => void): void {
  finished(stream, { writable: false }, (error) => {
    const isClosed = error?.code === 'ERR_STREAM_PREMATURE_CLOSE';
    done(isClosed ? new Error('the context’s stream was closed early') : (error ?? undefined));
  });
}

/** Adds `SOURCE_DATE_EPOCH` of the environment to build arguments that have none, as buildx does. */
export function withSourceDateEpoch(
  buildArgs: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
): Readonly<Record<string, string>> {
  const epoch = env['SOURCE_DATE_EPOCH'];
  return epoch === undefined ? buildArgs : { SOURCE_DATE_EPOCH: epoch, ...buildArgs };
}

/**
 * The parts of `--add-host`, `HOST:IP` or `HOST=IP`. The address may be in brackets.
 *
 * @throws DockerceptionError of kind usage, code ADD_HOST.
 */
export function hostAndAddress(text: string): [host: string, address: string] {
  const [, host, address] = /^([^:=]+)[:=](.+)$/.exec(text) ?? [];
  if (host !== undefined && address !== undefined)
    return [host, address.replace(/^\[(.*)\]$/, '$1')];
  const message = `reading --add-host ${text}: it is not HOST:IP`;
  const hint = 'as in --add-host db:10.0.0.5';
  throw new DockerceptionError('usage', 'ADD_HOST', message, { hint });
}
