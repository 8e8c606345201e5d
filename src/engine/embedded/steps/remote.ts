/** ADD of a URL: its content into the spool, as a file to copy. */
import { FILE, Leaf } from '../../../filesystem/node.js';
import { toBinary } from '../../../text/binary.js';
import { fetchFile, type FetchOptions } from './remote-file.js';
import type { Source } from './sources.js';
import type { Spool } from '../spool/spool.js';

/** Downloads a file. Rejects as {@link fetchFile} does. */
export async function fetchInto(spool: Spool, url: string, options: FetchOptions): Promise<Source> {
  const file = await fetchFile(url, options);
  const offset = spool.begin();
  let size = 0;
  for await (const chunk of file.body) {
    spool.append(chunk);
    size += chunk.length;
    await spool.ready();
  }
  const node = new Leaf(FILE | file.mode, 0, 0, Math.floor(file.mtime), size, offset, undefined);
  const name = toBinary(file.name);
  return { name, node, literal: [name] };
}
