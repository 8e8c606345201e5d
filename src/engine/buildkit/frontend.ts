/**
 * The Dockerfile frontend, with the options that buildx gives it (moby/buildkit, frontend/dockerui), and its inputs: LLB
 * definitions (solver/pb/ops.proto) that unpack a tar of the session, as the frontend does with a context that is a tar.
 * A call of the frontend builds nothing (frontend/subrequests).
 */
import { DockerceptionError, messageOf } from '../../errors.js';
import { digestOf } from '../../image/digest.js';
import type { CallMethod } from '../../options/buildkit.js';
import { ulimitsOf } from '../../options/buildkit-values.js';
import type { BuildResult, EngineRequest } from '../engine.js';
import type { GrpcClient } from './grpc.js';
import {
  BridgeReturnRequest,
  BridgeSolveRequest,
  BridgeSolveResponse,
  type Definition,
  Op,
  type SolveRequest,
} from './messages.js';

/** A frontend, as of `SolveRequest`. */
export type Frontend = Pick<
  Parameters<typeof SolveRequest.encode>[0],
  'frontend' | 'frontendAttrs' | 'frontendInputs'
>;

/** The name of the tar inside the build. */
const FILE = 'context';
const NO_INPUT = -1;
/** Keeps the mode, or the time, of a copied file. */
const UNCHANGED = -1;

/**
 * A definition whose result is the content of the tar at `url`.
 *
 * @param name the name in progress. BuildKit ignores a definition without metadata.
 * @param without paths that are removed from the result
 */
function unpackedTar(
  url: string,
  name: string,
  without: readonly string[] = [],
): ReturnType<typeof Definition.parse> {
  const source = Op.encode({ source: { identifier: url, attrs: { 'http.filename': FILE } } });
  const copy = {
    src: `/${FILE}`,
    dest: '/',
    mode: UNCHANGED,
    attemptUnpackDockerCompatibility: true,
    createDestPath: true,
    timestamp: UNCHANGED,
  };
  const removals = without.map((path) => ({ rm: { path: `/${path}`, allowNotFound: true } }));
  // Input 0 is the source. The result of each action is one more input of those after it.
  const actions = [{ copy }, ...removals].map((action, index) => ({
    input: index === 0 ? NO_INPUT : index,
    secondaryInput: index === 0 ? 0 : NO_INPUT,
    // The result of the last action is the output of the operation.
    output: index === removals.length ? 0 : NO_INPUT,
    ...action,
  }));
  const inputOf = (operation: Buffer) => [{ digest: digestOf(operation), index: 0 }];
  const unpack = Op.encode({ inputs: inputOf(source), file: { actions } });
  const result = Op.encode({ inputs: inputOf(unpack) });
  const described = (text: string) => ({ description: { 'llb.customname': text } });
  return {
    def: [source, unpack, result],
    metadata: {
      [digestOf(source)]: described(`[context ${name}] load`),
      [digestOf(unpack)]: described(`[context ${name}] unpack`),
    },
  };
}

/** The Dockerfile frontend with its options and inputs. */
export function frontendOf(
  context: string,
  directories: ReadonlyMap<string, string>,
  request: EngineRequest,
): Frontend {
  const { concealed } = request;
  const inputs = new Map([...directories].map(([name, url]) => [name, unpackedTar(url, name)]));
  if (concealed.length > 0) {
    // The frontend reads the Dockerfile from one input, and instructions read from the other.
    inputs.set('dockerfile', unpackedTar(context, 'internal'));
    inputs.set('context', unpackedTar(context, 'internal', concealed));
  }
  return {
    frontend: 'dockerfile.v0',
    frontendAttrs: frontendOptions(context, [...directories.keys()], request),
    frontendInputs: Object.fromEntries(inputs),
  };
}

function frontendOptions(
  context: string,
  directories: readonly string[],
  options: EngineRequest,
): Record<string, string> {
  const { target, platforms, network, noCache, pull, addHosts } = options;
  const prefixed = (prefix: string, map: Readonly<Record<string, string>>): [string, string][] =>
    Object.entries(map).map(([key, value]) => [`${prefix}:${key}`, value]);
  const inputs = Object.fromEntries(directories.map((name) => [name, `input:${name}`]));
  return {
    ...(options.concealed.length === 0 && { context }),
    filename: options.file,
    ...Object.fromEntries([
      ...prefixed('build-arg', options.buildArgs),
      ...prefixed('label', options.labels),
      ...prefixed('attest', options.attests),
      // An input replaces the path of its directory.
      ...prefixed('context', { ...options.buildContexts, ...inputs }),
    ]),
    ...(target !== undefined && { target }),
    ...(platforms.length > 0 && { platform: platforms.join(',') }),
    ...(options.noCacheFilter.length > 0 && { 'no-cache': options.noCacheFilter.join(',') }),
    ...(noCache && { 'no-cache': '' }),
    ...(options.cacheFrom.length > 0 && { 'cache-imports': cacheImports(options) }),
    ...(options.ulimits.length > 0 && { ulimit: ulimits(options) }),
    ...(options.shmSize && { 'shm-size': String(options.shmSize) }),
    ...(pull && { 'image-resolve-mode': 'pull' }),
    ...(network !== undefined && network !== 'default' && { 'force-network-mode': network }),
    ...(addHosts.length > 0 && { 'add-hosts': addHosts.join(',') }),
  };
}

function ulimits(options: EngineRequest): string {
  const limits = ulimitsOf(options.ulimits);
  return limits.map(({ name, soft, hard }) => `${name}=${soft}:${hard}`).join(',');
}

/** Caches in the form of the frontend, which imports them itself. */
function cacheImports({ cacheFrom }: EngineRequest): string {
  return JSON.stringify(cacheFrom.map(({ type, attrs }) => ({ Type: type, Attrs: attrs })));
}

const BRIDGE = '/moby.buildkit.v1.frontend.LLBBridge';
const CAPABILITY = 'moby.buildkit.frontend.subrequests+forward';
const REQUESTS: Readonly<Record<CallMethod, string>> = {
  check: 'frontend.lint',
  outline: 'frontend.outline',
  targets: 'frontend.targets',
};

/**
 * Calls the frontend. The solve `ref` names no frontend, so this process acts as one: it solves over the gateway
 * (frontend/gateway/pb), and returns the result. Resolves to the metadata of the result: `result.txt`, `result.json`, and for
 * a check `result.statuscode`, which is 1 if there are warnings or errors.
 *
 * @param ref the open solve without a frontend
 * @throws GrpcError if the frontend fails; DockerceptionError of kind usage, BUILDKIT_ONLY, if it has no such method.
 */
export async function callFrontend(
  client: GrpcClient,
  ref: string,
  method: CallMethod,
  { frontendAttrs, ...frontend }: Frontend,
): Promise<Readonly<Record<string, string>>> {
  const headers = { 'buildkit-controlapi-buildid': ref };
  const requestid = REQUESTS[method];
  const frontendOpt = { ...frontendAttrs, requestid, 'frontend.caps': CAPABILITY };
  const request = { ...frontend, frontendOpt, allowResultReturn: true };
  let metadata: Readonly<Record<string, Buffer>> = {};
  const take = (message: Buffer): void => {
    metadata = BridgeSolveResponse.parse(message).result?.metadata ?? {};
  };
  const solving = client.call(`${BRIDGE}/Solve`, BridgeSolveRequest.encode(request), take, headers);
  await solving.catch((cause: unknown) => {
    if (!messageOf(cause).includes(`unsupported request ${requestid}`)) throw cause;
    const message = `calling ${requestid}: the Dockerfile frontend of this BuildKit does not have it`;
    const hint = 'BuildKit 0.15 has it, or `# syntax=docker/dockerfile:1` in the first line';
    throw new DockerceptionError('usage', 'BUILDKIT_ONLY', message, { cause, hint });
  });
  const returned = BridgeReturnRequest.encode({ result: { metadata } });
  await client.call(`${BRIDGE}/Return`, returned, () => undefined, headers);
  const texts = Object.entries(metadata).map(([key, value]) => [key, value.toString('utf8')]);
  return Object.fromEntries(texts) as Record<string, string>;
}

/** The result of a build that was a call: no image, and metadata as buildx writes it. */
export function resultOfCall(metadata: Readonly<Record<string, string>>): BuildResult {
  const json: unknown = JSON.parse(metadata['result.json'] ?? 'null');
  return { imageId: '', metadata: { ...metadata, 'result.json': json } };
}
