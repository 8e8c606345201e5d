/** The library's options of BuildKit, from the command line's, which are those of `docker buildx build`. */
import { parseSize } from '../../inspect/parse-size.js';
import type { BUILDKIT, Cache, Secret, SshAgent } from '../../options/buildkit.js';
import type { OptionsOf } from '../../options/schema.js';
import { parseBoolean } from '../../options/values.js';
import { pairs } from './builder-options.js';
import { usage } from './flags.js';
import type { Arguments } from './parse.js';

export function buildkitOptions(args: Arguments, env: NodeJS.ProcessEnv) {
  const shmSize = args.value('shm-size');
  return {
    secrets: args.all('secret').map((text) => secret(text, env)),
    ssh: args.all('ssh').map(agent),
    cacheFrom: args.all('cache-from').map((text) => cache(text, '--cache-from', env)),
    cacheTo: args.all('cache-to').map((text) => cache(text, '--cache-to', env)),
    noCacheFilter: args.all('no-cache-filter').flatMap((list) => list.split(',')),
    ulimits: args.all('ulimit'),
    shmSize: shmSize === undefined ? undefined : parseSize(shmSize, '--shm-size'),
    annotations: args.all('annotation').map(annotation),
    attests: attests(args),
  } satisfies OptionsOf<typeof BUILDKIT>;
}

/** `id=ID`, with `src=FILE` or `env=NAME`. Without both, the variable ID or the file ID, as in buildx. */
function secret(text: string, env: NodeJS.ProcessEnv): Secret {
  const takes = '--secret takes id=ID,src=FILE or id=ID,env=NAME';
  const { id, src, source, env: variable, type, ...rest } = pairs(text.split(','), takes);
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw usage(`--secret has no '${unknown}'`, takes);
  if (id === undefined || id === '') throw usage(`--secret ${text}: it has no id`, takes);
  if (type !== undefined && type !== 'file' && type !== 'env')
    throw usage(`--secret ${text}: the type is file or env`, takes);
  const path = src ?? source;
  if (variable !== undefined) return { id, env: variable };
  if (type === 'env') return { id, env: path ?? id };
  if (path !== undefined) return { id, src: path };
  return type !== 'file' && env[id] !== undefined ? { id, env: id } : { id, src: id };
}

/** `default`, or `ID=SOCKET`. */
function agent(text: string): SshAgent {
  const [id = '', path] = text.split(/=(.*)/s);
  if (id === '') throw usage(`--ssh takes default or ID=SOCKET, not '${text}'`);
  return path === undefined ? { id } : { id, path };
}

/** `REF`, or `type=TYPE` with attributes. */
function cache(text: string, option: string, env: NodeJS.ProcessEnv): Cache {
  if (!text.includes('=')) {
    if (text === '') throw usage(`${option} names no cache`, 'type=registry,ref=REF');
    return { type: 'registry', attrs: { ref: text } };
  }
  const { type = 'registry', ...attrs } = pairs(text.split(','), `${option} takes NAME=VALUE`);
  if (type === 'local')
    throw usage(
      `${option} ${text}: a local cache can't be used`,
      'type=registry,ref=REF, or `dockerception filter | docker buildx build … -`',
    );
  return { type, attrs: type === 'gha' ? { ...actionsCache(env), ...attrs } : attrs };
}

/** The attributes that buildx takes from the environment of GitHub Actions. */
function actionsCache(env: NodeJS.ProcessEnv): Record<string, string> {
  const values = {
    token: env['ACTIONS_RUNTIME_TOKEN'],
    url: env['ACTIONS_CACHE_URL'],
    url_v2: env['ACTIONS_RESULTS_URL'],
  };
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Record<string, string>;
}

function annotation(text: string): string {
  if (!/^[^=]+=/.test(text)) throw usage(`--annotation takes [TYPE:]KEY=VALUE, not '${text}'`);
  return text;
}

/** `--attest type=sbom`, `--provenance=max`, `--sbom=true`; `false` is none. */
function attests(args: Arguments): Record<string, string> {
  const found: Record<string, string> = {};
  for (const text of args.all('attest')) {
    const takes = '--attest takes type=sbom or type=provenance, with attributes';
    const { type, disabled, ...attributes } = pairs(text.split(','), takes);
    if (type !== 'sbom' && type !== 'provenance') throw usage(`${takes}, not '${text}'`);
    if (parseBoolean(disabled) !== true) found[type] = joined(attributes);
  }
  for (const [type, attribute] of [
    ['provenance', 'mode'],
    ['sbom', 'generator'],
  ] as const) {
    const text = args.value(type);
    if (text === undefined || parseBoolean(text) === false) continue;
    found[type] =
      text === '' || parseBoolean(text) ? '' : text.includes('=') ? text : `${attribute}=${text}`;
  }
  return found;
}

function joined(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}
