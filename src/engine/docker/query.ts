/**
 * The query of `POST /build` (Engine API, ImageBuild): every option of a build by its name there,
 * maps as JSON. It has no tags: an image is named when it has passed all checks. Podman takes `extrahosts` as JSON too, where Docker repeats the key, and answers
 * 400 otherwise.
 */
import { DockerceptionError } from '../../errors.js';
import type { EngineRequest } from '../engine.js';

/** Which program reads the query. */
export type Builder = 'classic' | 'buildkit' | 'podman';

/**
 * Makes the query, without the leading `?`.
 *
 * @param session the id of a BuildKit session that is open.
 * @throws DockerceptionError of kind usage for what this API has no words for.
 */
export function buildQuery(options: EngineRequest, builder: Builder, session?: string): string {
  const query = new URLSearchParams();
  query.set('dockerfile', options.file);
  setMap(query, 'buildargs', options.buildArgs);
  setMap(query, 'labels', options.labels);
  if (options.target) query.set('target', options.target);
  if (options.platforms.length > 1)
    throw usage(
      'PLATFORMS',
      'building for several platforms: an engine builds for one at a time',
      'without RUN, --engine embedded builds for all; with RUN, `dockerception filter | docker buildx build --platform … -`',
    );
  if (options.platforms[0]) query.set('platform', options.platforms[0].toLowerCase());
  if (builder === 'podman' && Object.keys(options.buildArgs).length > 0) bypassCache(query);
  else if (options.noCache) query.set('nocache', '1');
  if (options.pull) query.set('pull', '1');
  if (options.network) setNetwork(query, options.network, builder);
  const hosts = options.addHosts.map(extraHost);
  if (builder === 'podman' && hosts.length > 0) query.set('extrahosts', JSON.stringify(hosts));
  else for (const host of hosts) query.append('extrahosts', host);
  // Containers in between are removed, after a failure too: nothing is left behind.
  query.set('rm', '1');
  query.set('forcerm', '1');
  if (builder !== 'podman') query.set('version', builder === 'buildkit' ? '2' : '1');
  if (session !== undefined) query.set('session', session);
  return query.toString();
}

/**
 * Podman's cache goes by instructions as they are written: `ENV A=$A` is found whatever A was. A build that is given
 * arguments looks at no cache, and leaves no layers in between for the next one, which may have others.
 */
function bypassCache(query: URLSearchParams): void {
  query.set('nocache', '1');
  query.set('layers', '0');
}

/** Podman takes any `networkmode` without a word, and runs every step in the host's network. */
function setNetwork(query: URLSearchParams, network: string, builder: Builder): void {
  if (builder === 'podman' && network !== 'host' && network !== 'default')
    throw usage(
      'NETWORK',
      `building with --network ${network}: Podman's API runs every step in the host's network`,
      `use \`dockerception filter | podman build --network ${network} -\``,
    );
  query.set('networkmode', network);
}

/** `HOST:IP` or `HOST=IP`, the address in brackets or not, as `--add-host` has it; Docker's is `HOST:IP`. */
export function extraHost(text: string): string {
  const [, host, address] = /^([^:=]+)[:=](.+)$/.exec(text) ?? [];
  if (host === undefined || address === undefined)
    throw usage(
      'ADD_HOST',
      `reading --add-host ${text}: it is not HOST:IP`,
      'as in --add-host db:10.0.0.5',
    );
  return `${host}:${address.replace(/^\[(.*)\]$/, '$1')}`;
}

function setMap(query: URLSearchParams, key: string, map: Readonly<Record<string, string>>): void {
  if (Object.keys(map).length > 0) query.set(key, JSON.stringify(map));
}

function usage(code: string, message: string, hint: string): DockerceptionError {
  return new DockerceptionError('usage', code, message, { hint });
}
