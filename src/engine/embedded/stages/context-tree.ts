/** The context as a tree, with its contents in the spool. */
import { DockerceptionError } from '../../../errors.js';
import { isFile } from '../../../filesystem/node.js';
import { Tree } from '../../../filesystem/tree.js';
import { unpack } from '../../../filesystem/unpack.js';
import { toBinary } from '../../../text/binary.js';
import { contentOf } from '../spool/contents.js';
import type { Spool } from '../spool/spool.js';

/** Bytes of the largest Dockerfile, as in BuildKit. */
const MAX_DOCKERFILE = 16 << 20;

export interface ContextTree {
  readonly tree: Tree;
  /** The newest time stamp in it, in seconds since 1970. */
  readonly newest: number;
}

/** Reads a context. Rejects with the error of the stream or of the tar. */
export async function readContext(
  stream: AsyncIterable<Buffer>,
  spool: Spool,
  name = 'the context',
): Promise<ContextTree> {
  const tree = new Tree();
  const { newest } = await unpack(stream, { tree, contents: spool, name, strict: true });
  return contextOf(tree, newest);
}

/** @param newest -Infinity if there are no entries */
export function contextOf(tree: Tree, newest: number): ContextTree {
  return { tree, newest: Number.isFinite(newest) ? newest : 0 };
}

/** The text of the Dockerfile. Throws CONTEXT_NO_DOCKERFILE, of kind context. */
export function dockerfileOf({ tree }: ContextTree, file: string, spool: Spool): Buffer {
  const node = tree.find(toBinary(file));
  if (isFile(node) && node.size <= MAX_DOCKERFILE) return contentOf(node, spool, MAX_DOCKERFILE);
  const why = isFile(node) ? 'is too large for a Dockerfile' : 'is not there';
  throw new DockerceptionError(
    'context',
    'CONTEXT_NO_DOCKERFILE',
    `reading the context: ${file} ${why}`,
    { hint: '-f names another file of the context; --base needs none' },
  );
}
