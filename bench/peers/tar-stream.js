/** The peer: owners set to 0:0 by tar-stream, an object and a stream for each entry. */
import pump from 'pump';
import { extract, pack } from 'tar-stream';

const input = extract();
const output = pack();
input.on('entry', (header, stream, next) => {
  header.uid = 0;
  header.gid = 0;
  header.uname = '';
  header.gname = '';
  stream.pipe(output.entry(header, next));
});
input.on('finish', () => output.finalize());
// Their types aren't Node's, though pump takes them.
const [sink, source] = /** @type {[NodeJS.WritableStream, NodeJS.ReadableStream]} */ (
  /** @type {unknown} */ ([input, output])
);
pump(process.stdin, sink);
pump(source, process.stdout);
