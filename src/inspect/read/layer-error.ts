/** What the walk says of a tar that is none, as said of a layer: it takes every tar to be the context. */
import { DockerceptionError } from '../../errors.js';
import { diagnose, type Evidence } from '../../source/diagnose.js';

export function ofLayer(error: unknown, name: string, evidence: Evidence): unknown {
  if (!(error instanceof DockerceptionError) || error.code !== 'TAR_NOT_A_TAR') return error;
  const { kind, message } = diagnose(error, name, evidence);
  return new DockerceptionError(kind, error.code, message, { cause: error });
}
