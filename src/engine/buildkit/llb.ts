/**
 * An LLB definition (moby/buildkit, solver/pb/ops.proto) that unpacks a tar of the session, as the Dockerfile frontend
 * does with a context that is a tar. Operations refer to their inputs by digest.
 */
import { digestOf } from '../../image/digest.js';
import { writeBytes, writeEntry, writeMessage, writeNumber } from './protobuf.js';

/** The name of the tar inside the build. */
const FILE = 'context';
const NO_INPUT = -1;
/** Keeps the mode, or the time, of a copied file. */
const UNCHANGED = -1;

/**
 * A `pb.Definition` whose result is the content of the tar at `url`.
 *
 * @param name the name in progress. BuildKit ignores a definition without metadata.
 * @param without paths that are removed from the result
 */
export function unpackedTar(url: string, name: string, without: readonly string[] = []): Buffer {
  const source = writeMessage(3, writeBytes(1, url), writeEntry(2, 'http.filename', FILE));
  const copy = writeMessage(
    4,
    writeBytes(1, `/${FILE}`),
    writeBytes(2, '/'),
    writeNumber(4, UNCHANGED),
    // Unpack an archive, and create the destination.
    writeNumber(7, 1),
    writeNumber(8, 1),
    writeNumber(11, UNCHANGED),
  );
  const removals = without.map((path) =>
    // A missing path is no error.
    writeMessage(7, writeBytes(1, `/${path}`), writeNumber(2, 1)),
  );
  // Input 0 is the source. The result of each action is one more input of those after it.
  const actions = [copy, ...removals].map((action, index) =>
    writeMessage(
      2,
      writeNumber(1, index === 0 ? NO_INPUT : index),
      writeNumber(2, index === 0 ? 0 : NO_INPUT),
      // The result of the last action is the output of the operation.
      writeNumber(3, index === removals.length ? 0 : NO_INPUT),
      action,
    ),
  );
  const unpack = Buffer.concat([inputOf(source), writeMessage(4, ...actions)]);
  return Buffer.concat([
    ...[source, unpack, inputOf(unpack)].map((operation) => writeBytes(1, operation)),
    describe(source, `[context ${name}] load`),
    describe(unpack, `[context ${name}] unpack`),
  ]);
}

/** An entry of the metadata: digest to OpMetadata { map<string, string> description = 2 }. */
function describe(operation: Buffer, name: string): Buffer {
  return writeEntry(2, digestOf(operation), writeEntry(2, 'llb.customname', name));
}

/** pb.Input { digest = 1, index = 2 } of an operation. */
function inputOf(operation: Buffer): Buffer {
  return writeMessage(1, writeBytes(1, digestOf(operation)), writeNumber(2, 0));
}
