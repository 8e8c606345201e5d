/**
 * An LLB definition (moby/buildkit, solver/pb/ops.proto) that unpacks a tar of the session, as the Dockerfile frontend
 * does with a context that is a tar. Operations refer to their inputs by digest.
 */
import { digestOf } from '../../image/digest.js';
import { type Definition, Op } from './messages.js';

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
export function unpackedTar(
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
