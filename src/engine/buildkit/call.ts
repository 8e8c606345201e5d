/**
 * Calls of the Dockerfile frontend that build nothing (moby/buildkit, frontend/subrequests). The client is the frontend of a
 * solve that names none: it solves over the gateway (frontend/gateway/pb), and returns a result of its own.
 */
import { DockerceptionError, messageOf } from '../../errors.js';
import type { CallMethod } from '../../options/buildkit.js';
import type { BuildResult } from '../engine.js';
import type { GrpcClient } from './grpc.js';
import {
  BridgeReturnRequest,
  BridgeSolveRequest,
  BridgeSolveResponse,
  type SolveRequest,
} from './messages.js';

const BRIDGE = '/moby.buildkit.v1.frontend.LLBBridge';
const CAPABILITY = 'moby.buildkit.frontend.subrequests+forward';
const REQUESTS: Readonly<Record<CallMethod, string>> = {
  check: 'frontend.lint',
  outline: 'frontend.outline',
  targets: 'frontend.targets',
};

/** A frontend, as of `SolveRequest`. */
export type Frontend = Pick<
  Parameters<typeof SolveRequest.encode>[0],
  'frontend' | 'frontendAttrs' | 'frontendInputs'
>;

/**
 * Calls the frontend. Resolves to the metadata of its result: `result.txt`, `result.json`, and for a check `result.statuscode`,
 * which is 1 if there are warnings or errors.
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
