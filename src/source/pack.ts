/** Files of the host as a tar: tar-fs, with names, ids and times that ustar can't hold as PAX. */
import { Readable } from 'node:stream';
import type { Headers, Pack } from 'tar-fs';
import { hostFiles } from './host-file.js';

/** What to pack, and under which names. */
export interface PackOptions {
  /** Paths below the root, `.` for all of it. */
  readonly entries: readonly string[];
  /** Whether a path below the root is left out; not asked for `entries`. @default nothing */
  readonly ignore?: (path: string) => boolean;
  /** The name that the path below the root (`.` for itself) gets, without a `/` at its end. */
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
  const below = root.endsWith('/') ? root : `${root}/`;
  const relative = (path: string): string => (path === root ? '.' : path.slice(below.length));
  return new Packed(async () => {
    const { pack } = await import('tar-fs');
    return pack(root, {
      entries: [...options.entries],
      ignore: (path: string) => options.ignore?.(relative(path)) ?? false,
      map: (header: Headers) => complete(header, options.rename),
      fs: hostFiles((path) => (path === root ? options.name : `${options.name}/${relative(path)}`)),
      umask: 0,
      sort: true,
    } as object);
  });
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

/** A tar-fs stream as one of Node's, in blocks rather than in single headers and paddings. */
class Packed extends Readable {
  private pack: Pack | undefined;
  private pieces: Buffer[] = [];
  private length = 0;

  constructor(private readonly start: () => Promise<Pack>) {
    super({ highWaterMark: BLOCK });
  }

  override _construct(callback: (error?: Error | null) => void): void {
    callback();
  }

  override _read(): void {
    if (this.pack) this.pack.resume();
    else this.open().catch((error: unknown) => this.destroy(error as Error));
  }

  private async open(): Promise<void> {
    const pack = await this.start();
    if (this.destroyed) return void pack.destroy();
    this.pack = pack;
    pack.on('data', (piece) => this.gather(piece as Buffer));
    pack.on('error', (error: Error) => this.destroy(error));
    pack.on('end', () => {
      this.flush();
      this.push(null);
    });
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
