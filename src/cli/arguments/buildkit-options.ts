/** The library's options of BuildKit, from the command line's, which are those of `docker buildx build`. */
import { parseSize } from '../../inspect/parse-size.js';
import type { Attests, BUILDKIT, Cache, Secret, SshAgent } from '../../options/buildkit.js';
import type { OptionsOf } from '../../options/schema.js';
import { parseBoolean } from '../../options/values.js';
import { csvFields, csvLine } from '../../text/go.js';
import { callOf } from './call.js';
import { usage } from './flags.js';
import type { Arguments } from './parse.js';

export function buildkitOptions(args: Arguments, env: NodeJS.ProcessEnv) {
  if (args.has('no-cache') && args.has('no-cache-filter'))
    throw usage('--no-cache and --no-cache-filter exclude each other', 'leave one out');
  return {
    secrets: args.all('secret').map((text) => secret(text, env)),
    ssh: args.all('ssh').map(agent),
    cacheFrom: caches(args, 'cache-from', env),
    cacheTo: caches(args, 'cache-to', env),
    noCacheFilter: args.all('no-cache-filter').flatMap((list) => list.split(',')),
    allow: args.all('allow'),
    ulimits: args.all('ulimit'),
    shmSize: args.parsed('shm-size', binarySize),
    annotations: args.all('annotation'),
    attests: attests(args),
    call: callOf(args)?.method,
  } satisfies OptionsOf<typeof BUILDKIT>;
}

/**
 * Reads `NAME=VALUE,…`, with fields in quotation marks if they have commas. Names are lower case.
 *
 * @param takes how an error begins. It does not quote the text, which may have a secret.
 */
function attributes(text: string, takes: string): Record<string, string> {
  const fields = csvFields(text);
  if (fields === undefined) throw usage(`${takes}: a quotation mark is misplaced`);
  const entries = fields.map((field, index): [string, string] => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(field) ?? [];
    if (name !== undefined && value !== undefined) return [name.toLowerCase().trim(), value];
    throw usage(`${takes}: part ${index + 1} is not NAME=VALUE`);
  });
  return Object.fromEntries(entries);
}

/** `id=ID`, with `src=FILE` or `env=NAME`. Without both, the variable ID or the file ID, as in buildx. */
function secret(text: string, env: NodeJS.ProcessEnv): Secret {
  const takes = '--secret takes id=ID,src=FILE or id=ID,env=NAME';
  const { id, src, source, env: variable, type, ...rest } = attributes(text, takes);
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw usage(`--secret has no '${unknown}'`, takes);
  if (id === undefined || id === '') throw usage('--secret has no id', takes);
  if (type !== undefined && type !== 'file' && type !== 'env')
    throw usage(`--secret id=${id}: the type is file or env`, takes);
  const path = src ?? source;
  if (path === '' || variable === '') throw usage(`--secret id=${id}: its source is empty`, takes);
  if (variable !== undefined) return { id, env: variable };
  if (type === 'env') return { id, env: path ?? id };
  if (path !== undefined) return { id, src: path };
  return type !== 'file' && env[id] !== undefined ? { id, env: id } : { id, src: id };
}

/** `default`, or `ID=SOCKET`. */
function agent(text: string): SshAgent {
  const [id = '', path] = text.split(/=(.*)/s);
  if (id === '' || path === '') throw usage(`--ssh takes default or ID=SOCKET, not '${text}'`);
  if (path?.includes(','))
    throw usage(`--ssh ${id} takes one socket`, 'a key is added to an agent: `ssh-add FILE`');
  return path === undefined ? { id } : { id, path };
}

/** `REF,…`, or `type=TYPE` with attributes, to which buildx adds those of the environment. */
function caches(
  args: Arguments,
  name: 'cache-from' | 'cache-to',
  env: NodeJS.ProcessEnv,
): readonly Cache[] {
  const takes = `--${name} takes REF, or type=TYPE,NAME=VALUE`;
  return args.all(name).flatMap((text): readonly Cache[] => {
    if (text === '') throw usage(`--${name} names no cache`, 'type=registry,ref=REF');
    if (!text.includes('='))
      return text.split(',').map((ref) => ({ type: 'registry', attrs: { ref } }));
    const { type, ...attrs } = attributes(text, takes);
    if (!type) throw usage(`--${name} has no type`, 'type=registry,ref=REF');
    const from = ENVIRONMENT[type]?.(attrs, env) ?? {};
    const found = Object.entries(from).filter(([key, value]) => value && !(key in attrs));
    const all = { ...attrs, ...Object.fromEntries(found) } as Record<string, string>;
    // As in buildx, there is no such cache outside of GitHub Actions.
    const isMissing = type === 'gha' && !(all['token'] && (all['url'] || all['url_v2']));
    return isMissing ? [] : [{ type, attrs: all }];
  });
}

type FromEnvironment = (
  attrs: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
) => Readonly<Record<string, string | undefined>>;

/** The attributes that buildx takes from the environment (docker/buildx, build/opt.go), by the type of the cache. */
const ENVIRONMENT: Readonly<Record<string, FromEnvironment>> = {
  gha: (attrs, env) => {
    const isV2 = parseBoolean(env['ACTIONS_CACHE_SERVICE_V2']) === true;
    const version = attrs['version'] ?? (isV2 ? '2' : '1');
    return {
      token: env['ACTIONS_RUNTIME_TOKEN'],
      url: env['ACTIONS_CACHE_URL'] ?? env['ACTIONS_RESULTS_URL'],
      ...(version === '2' && { url_v2: env['ACTIONS_RESULTS_URL'] }),
    };
  },
  s3: (attrs, env) =>
    'access_key_id' in attrs && 'secret_access_key' in attrs
      ? {}
      : {
          access_key_id: env['AWS_ACCESS_KEY_ID'],
          secret_access_key: env['AWS_SECRET_ACCESS_KEY'],
          session_token: env['AWS_SESSION_TOKEN'],
        },
};

/** As in docker, every unit is a power of 1024. */
function binarySize(text: string, option: string): number {
  return parseSize(text.replace(/(\d *[kmgtp])i?b?$/i, '$1i'), option);
}

/**
 * Reads `--attest type=sbom`, `--provenance=max`, `--sbom=true`; `false` turns an attestation off. As in buildx, the first
 * value of each type applies.
 */
function attests(args: Arguments): Attests {
  const found = new Map<string, string | undefined>();
  const add = (type: string, value: string | undefined): void => {
    if (!found.has(type)) found.set(type, value);
  };
  for (const text of args.all('attest')) {
    const takes = '--attest takes type=sbom or type=provenance, with attributes';
    const { type = '', disabled, ...attrs } = attributes(text, takes);
    if (type !== 'sbom' && type !== 'provenance') throw usage(`${takes}, not type '${type}'`);
    const isDisabled = disabled === undefined ? false : parseBoolean(disabled);
    if (isDisabled === undefined) throw usage(`--attest ${type}: disabled is true or false`);
    add(type, isDisabled ? undefined : joined(attrs));
  }
  for (const type of ['provenance', 'sbom'] as const) {
    const text = args.value(type);
    if (text === undefined) continue;
    const isOn = parseBoolean(text);
    const example = type === 'sbom' ? 'generator=IMAGE' : 'mode=max';
    if (isOn === undefined && !text.includes('='))
      throw usage(`--${type} takes true, false or ${example}`);
    if (isOn === undefined) add(type, joined(attributes(text, `--${type} takes ${example}`)));
    else add(type, isOn ? '' : undefined);
  }
  return Object.fromEntries([...found].filter(([, value]) => value !== undefined));
}

function joined(attrs: Readonly<Record<string, string>>): string {
  return csvLine(Object.entries(attrs).map(([name, value]) => `${name}=${value}`));
}
