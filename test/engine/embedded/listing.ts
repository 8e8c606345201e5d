/** File systems as text, one line a path, for tests to compare. */
import { contentOf } from '../../../src/engine/embedded/spool/contents.js';
import { Spool } from '../../../src/engine/embedded/spool/spool.js';
import { type Directory, isDirectory, type Node, TYPE_BITS } from '../../../src/filesystem/node.js';
import { Tree } from '../../../src/filesystem/tree.js';
import { unpack, type UnpackOptions } from '../../../src/filesystem/unpack.js';
import { fromBinary } from '../../../src/text/binary.js';
import { inChunks } from '../../support/filter.js';

const LETTERS: Readonly<Record<number, string>> = {
  0o040000: 'd',
  0o100000: 'f',
  0o120000: 'l',
  0o020000: 'c',
  0o060000: 'b',
  0o010000: 'p',
};

/** `f 644 0:0 etc/passwd "root…"`, sorted; files with several names are marked. */
export function listing(root: Directory, spool: Spool): string[] {
  const lines: string[] = [];
  const seen = new Map<object, string>();
  const visit = (directory: Directory, prefix: string): void => {
    for (const name of [...directory.children.keys()].sort()) {
      const node = directory.children.get(name) as Node;
      const path = prefix + fromBinary(name);
      lines.push(lineOf(node, path, spool, seen));
      if (isDirectory(node)) visit(node, `${path}/`);
    }
  };
  visit(root, '');
  return lines;
}

function lineOf(node: Node, path: string, spool: Spool, seen: Map<object, string>): string {
  const { mode, uid, gid, extra } = node;
  const letter = LETTERS[mode & TYPE_BITS] ?? '?';
  const head = `${letter} ${(mode & 0o7777).toString(8)} ${uid}:${gid} ${path}`;
  if (isDirectory(node)) return head;
  const first = extra?.links === undefined ? undefined : seen.get(extra.links);
  if (first !== undefined) return `${head} = ${first}`;
  if (extra?.links !== undefined) seen.set(extra.links, path);
  if (letter === 'l') return `${head} -> ${fromBinary(extra?.target ?? '')}`;
  if (letter !== 'f') return head;
  return `${head} ${JSON.stringify(contentOf(node, spool, 100).toString('utf8'))}`;
}

/** A tree from a tar. */
export async function treeOf(
  tar: Buffer,
  options: Partial<Omit<UnpackOptions, 'contents'>> & { readonly spool?: Spool } = {},
  chunk = 64 * 1024,
): Promise<{ tree: Tree; spool: Spool; newest: number }> {
  const { tree = new Tree(), spool = new Spool(), ...others } = options;
  const stream = inChunks(tar, chunk) as AsyncIterable<Buffer>;
  const { newest } = await unpack(stream, { name: 'the tar', ...others, tree, contents: spool });
  return { tree, spool, newest };
}
