/** Files of the host as a tar: tar-fs, with ids and times that ustar can't hold as PAX. */
import { Readable } from 'node:stream';
import type { Headers, Pack } from 'tar-fs';
import { hostFiles } from './host-file.js';

/** What to pack, and under which names. */
export interface PackOptions {
  /** Paths below the root, `.` for itself, in batches. Directories come without their contents. */
  readonly entries: () => AsyncIterable<readonly string[]>;
  /** The name that a path gets, without a `/` at its end. */
  readonly rename: (path: string) => string;
  /** What error messages call the root. */
  readonly name: string;
}

/** The largest values that tar-stream writes as they are. */
const MAX_ID = 0o777777;
const MAX_TIME = 0x7fffffff;
const BLOCK = 64 * 1024;

/**
 * Packs what is below `root`, an absolute path without links. Nothing is read before the stream
 * is. It fails with `CONTEXT_UNREADABLE` when a file is unreadable, vanishes or changes its size.
 */
export function packTree(root: string, options: PackOptions): Readable {
  return new Packed(root, options);
}

/** The options of tar-fs that its types don't have. */
interface TarFsOptions {
  readonly [option: string]: unknown;
}

function tarFsOptions(root: string, { rename, name }: PackOptions): TarFsOptions {
  const below = root.endsWith('/') ? root.length : root.length + 1;
  return {
    map: (header: Headers) => complete(header, rename),
    fs: hostFiles((path) => (path === root ? name : `${name}/${path.slice(below)}`)),
    umask: 0,
    finalize: false,
  };
}

/** Puts into PAX what the ustar header of tar-stream would cut. */
function complete(header: Headers, rename: PackOptions['rename']): Headers {
  const pax: Record<string, string> = {};
  if (header.uid > MAX_ID) pax['uid'] = String(header.uid);
  if (header.gid > MAX_ID) pax['gid'] = String(header.gid);
  const seconds = Math.floor(header.mtime.getTime() / 1000);
  const mtime = Math.min(Math.max(seconds, 0), MAX_TIME);
  if (mtime !== seconds) pax['mtime'] = String(seconds);
  return {
    ...header,
    name: rename(header.name) + (header.type === 'directory' ? '/' : ''),
    mtime: new Date(mtime * 1000),
    ...(Object.keys(pax).length > 0 && { pax }),
  };
}

/** A tar-stream as one of Node's, in blocks rather than in single headers and paddings. */
class Packed extends Readable {
  private pack: Pack | undefined;
  private pieces: Buffer[] = [];
  private length = 0;

  constructor(
    private readonly root: string,
    private readonly options: PackOptions,
  ) {
    super({ highWaterMark: BLOCK });
  }

  override _read(): void {
    if (this.pack) this.pack.resume();
    else this.fill().catch((error: unknown) => this.destroy(error as Error));
  }

  private async fill(): Promise<void> {
    const { pack: createPack } = await import('tar-stream');
    const tarFs = await import('tar-fs');
    const pack = createPack();
    this.pack = pack;
    if (this.destroyed) return;
    pack.on('data', (piece) => this.gather(piece as Buffer));
    pack.on('error', (error) => this.destroy(error));
    pack.on('end', () => {
      this.flush();
      this.push(null);
    });
    const options = tarFsOptions(this.root, this.options);
    for await (const entries of this.options.entries()) {
      // When the pack fails, this never settles, and is forgotten with the stream.
      await new Promise<void>((finish) => {
        tarFs.pack(this.root, { ...options, pack, entries: [...entries], finish: () => finish() });
      });
    }
    pack.finalize();
  }

  private gather(piece: Buffer): void {
    this.pieces.push(piece);
    this.length += piece.length;
    if (this.length >= BLOCK && !this.flush()) this.pack?.pause();
  }

  private flush(): boolean {
    // Copied even when it is one: tar-stream uses its paddings again, and readers write into chunks.
    const block = Buffer.concat(this.pieces, this.length);
    this.pieces = [];
    this.length = 0;
    return this.push(block);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.pieces = [];
    this.pack?.destroy();
    callback(error);
  }
}
