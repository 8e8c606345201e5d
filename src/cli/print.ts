/** Text on standard output: what a command was asked for, and nothing else. */
import { DescriptorSink } from '../sink/descriptor.js';

/** Settles when the text has left. Rejects with an error of kind output when nobody reads, or the disk is full. */
export async function print(text: string): Promise<void> {
  const sink = new DescriptorSink(1, 'standard output');
  sink.write(Buffer.from(text));
  await sink.end();
}
