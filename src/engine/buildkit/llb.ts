/**
 * A definition for BuildKit that unpacks a tar of the session, as its Dockerfile frontend does with a
 * context that comes as a tar (moby/buildkit, solver/pb/ops.proto): a source, a file operation that copies
 * it over nothing, and the end that names the last of them. Inputs are named by the digests of their bytes.
 */
import { digestOf } from '../../image/digest.js';
import { writeBytes, writeNumber } from './protobuf.js';

/** What the source's file is called inside of the build; nobody sees it. */
const FILE = 'context';
/** "No input": nothing lies under the copy. */
const NOTHING = -1;
/** "As it is", for a mode and for a time. */
const UNCHANGED = -1;

/**
 * Makes a `pb.Definition` whose result is the content of the tar under `url`.
 *
 * @param name what the steps are shown as. A definition without any metadata counts as none.
 * @param without paths that are removed from it again
 */
export function unpackedTar(url: string, name: string, without: readonly string[] = []): Buffer {
  const source = writeBytes(
    3,
    Buffer.concat([
      writeBytes(1, url),
      writeBytes(2, Buffer.concat([writeBytes(1, 'http.filename'), writeBytes(2, FILE)])),
    ]),
  );
  const copy = Buffer.concat([
    writeBytes(1, `/${FILE}`),
    writeBytes(2, '/'),
    writeNumber(4, UNCHANGED),
    // Unpack what is an archive; create the destination.
    writeNumber(7, 1),
    writeNumber(8, 1),
    writeNumber(11, UNCHANGED),
  ]);
  const removals = without.map((path) =>
    // What isn't there is removed already.
    Buffer.concat([writeBytes(1, `/${path}`), writeNumber(2, 1)]),
  );
  // The only input is the source: what an action makes counts as one more, for the next one.
  const actions = [
    [NOTHING, 0, writeBytes(4, copy)] as const,
    ...removals.map((removal, at) => [at + 1, NOTHING, writeBytes(7, removal)] as const),
  ].map(([input, second, what], at) =>
    Buffer.concat([
      writeNumber(1, input),
      writeNumber(2, second),
      // Only the last one's is a result.
      writeNumber(3, at === removals.length ? 0 : NOTHING),
      what,
    ]),
  );
  const file = Buffer.concat([
    inputOf(source),
    writeBytes(4, Buffer.concat(actions.map((action) => writeBytes(2, action)))),
  ]);
  return Buffer.concat([
    ...[source, file, inputOf(file)].map((operation) => writeBytes(1, operation)),
    describe(source, `[context ${name}] load`),
    describe(file, `[context ${name}] unpack`),
  ]);
}

/** An entry of the metadata: digest to OpMetadata { map<string, string> description = 2 }. */
function describe(operation: Buffer, text: string): Buffer {
  const name = Buffer.concat([writeBytes(1, 'llb.customname'), writeBytes(2, text)]);
  return writeBytes(
    2,
    Buffer.concat([writeBytes(1, digestOf(operation)), writeBytes(2, writeBytes(2, name))]),
  );
}

/** pb.Input { digest = 1, index = 2 } of an operation. */
function inputOf(operation: Buffer): Buffer {
  return writeBytes(1, Buffer.concat([writeBytes(1, digestOf(operation)), writeNumber(2, 0)]));
}
