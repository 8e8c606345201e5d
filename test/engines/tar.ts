/** Small tars for tests of engines: written by tar-stream, not by this project's own code. */
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

/** One regular file. */
export interface TestEntry {
  readonly name: string;
  readonly content: string | Buffer;
  readonly uid?: number;
  readonly gid?: number;
}

/** A complete archive. */
export async function create(entries: readonly TestEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, content, uid = 0, gid = 0 } of entries)
    archive.entry({ name, uid, gid, mode: 0o755, mtime: new Date(1e12) }, content);
  archive.finalize();
  return buffer(archive);
}
