/**
 * Findings of an image without reading it: the context is observed while it is sent to an engine, and its instructions are
 * replayed in memory. Whatever could make the engine's image differ ends the observation.
 */
import { recognise } from '../../compression/decompress.js';
import type { Dockerfile } from '../../dockerfile/instructions/instruction.js';
import { isReplayable, replay, replayableDockerfile } from '../../engine/embedded/replay.js';
import { contentOf } from '../../engine/embedded/spool/contents.js';
import { Spool } from '../../engine/embedded/spool/spool.js';
import type { EngineRequest } from '../../engine/engine.js';
import type { ContentSink } from '../../filesystem/content-sink.js';
import { type Directory, isDirectory, isFile, type Leaf } from '../../filesystem/node.js';
import { Tree } from '../../filesystem/tree.js';
import { Unpacker } from '../../filesystem/unpack.js';
import type { ImageConfig } from '../../image/config.js';
import { BLOCK } from '../../tar/block.js';
import type { EntryHeader } from '../../tar/entry-header.js';
import { verifiedSum } from '../../tar/header-fields.js';
import { toBinary } from '../../text/binary.js';
import { hasMore, walk } from '../entry.js';
import type { CheckedImage, CheckOptions } from '../limits.js';
import type { Content } from '../probe/content.js';
import { ContentProbe } from '../probe/content-probe.js';
import { EarlyProbe, isReadByName } from '../probe/early-probe.js';
import { filesOf, MAX_FILES_UNLIMITED, summarizeSystem } from './read-assembled.js';

/** Bytes of one content that is kept in memory, and of all. */
const MAX_KEPT = 64 << 10;
const MAX_ALL_KEPT = 4 << 20;

const EMPTY = Buffer.alloc(0);
const TYPES: ReadonlySet<string> = new Set(['file', 'directory', 'symlink', 'hard-link']);

/** Thrown where a finding could differ from one of the engine's image. */
class UnknownError extends Error {}

/** What is known so far. */
interface Observation {
  readonly tree: Tree;
  readonly contents: ObservedContents;
  readonly unpacker: Unpacker;
}

export class ObservedContext {
  /** Undefined once nothing more is observed. */
  #observation: Observation | undefined;
  #entries = 0;

  constructor(private readonly request: EngineRequest) {
    if (!isReplayable(request)) return;
    const contents = new ObservedContents(toBinary(request.file));
    const tree = new Tree();
    const unpacker = new Unpacker({ tree, contents, name: 'the context', strict: true });
    this.#observation = { tree, contents, unpacker };
  }

  /** Whether entries are still of use. */
  get isOpen(): boolean {
    return this.#observation !== undefined;
  }

  /** Never throws: whether the context is valid is decided by others. */
  entry(entry: EntryHeader): void {
    const observation = this.#observation;
    if (observation === undefined) return;
    try {
      if (observation.contents.isDockerfile) this.#dockerfile(observation);
      const isKnown = TYPES.has(entry.type) && !entry.isSparse && entry.xattrs === undefined;
      if (!isKnown || ++this.#entries > MAX_FILES_UNLIMITED) throw new UnknownError();
      observation.unpacker.entry(entry);
    } catch {
      this.#close();
    }
  }

  /** The next bytes of the content of the last entry. Never throws. */
  data(bytes: Buffer): void {
    this.#observation?.unpacker.data(bytes);
  }

  /**
   * Inspects the image after the whole context was observed.
   * @param platform that of the engine's image
   * @returns undefined if the engine's image has to be read
   */
  async inspect(
    platform: Pick<ImageConfig, 'os' | 'architecture'> | undefined,
    options: CheckOptions,
  ): Promise<CheckedImage | undefined> {
    const { request } = this;
    const observation = this.#observation;
    if (observation === undefined || platform === undefined) return undefined;
    const { tree, contents, unpacker } = observation;
    try {
      unpacker.end();
      contents.end();
      const dockerfile = this.#dockerfile(observation);
      const system = await replay({ request, dockerfile, tree, spool: contents.spool });
      const { os, architecture } = system?.config ?? {};
      if (system === undefined || platform.os !== os || platform.architecture !== architecture)
        return undefined;
      const image = await summarizeSystem(system, contents.factsOf(system.layers), options);
      // BuildKit may list an owner in more layers.
      if (image.unmappable.count > 0) return undefined;
      for (const { name } of walk(image.root)) if (name.startsWith('.wh.')) return undefined;
      return image;
    } catch {
      options.signal.throwIfAborted();
      return undefined;
    } finally {
      this.#close();
    }
  }

  #close(): void {
    this.#observation?.contents.spool.close();
    this.#observation = undefined;
  }

  /** The Dockerfile so far. Throws if it needs more than the context, or if a file that looks like an archive is added. */
  #dockerfile({ tree, contents }: Observation): Dockerfile {
    contents.isDockerfile = false;
    const node = tree.find(toBinary(this.request.file));
    if (!isFile(node)) throw new UnknownError();
    const text = contentOf(node, contents.spool, MAX_KEPT);
    const dockerfile = replayableDockerfile(text, this.request);
    if (dockerfile === undefined) throw new UnknownError();
    const adds = dockerfile.stages.some(({ instructions }) =>
      instructions.some(({ kind }) => kind === 'add'),
    );
    if (adds && contents.mayHaveArchive) throw new UnknownError();
    // Until the Dockerfile arrives, a file may be one that is added.
    if (!adds) contents.mayHaveArchive = true;
    return dockerfile;
  }
}

/** Probes contents as they arrive, and keeps those that have to be probed, or read by an instruction, at the end. */
class ObservedContents implements ContentSink {
  /** Has the contents that are kept; the others have negative offsets. */
  readonly spool = new Spool();
  /** Whether the last content is the Dockerfile. */
  isDockerfile = false;
  /** Whether ADD might unpack a file. Files are no longer searched for one then. */
  mayHaveArchive = false;
  readonly #probe = new EarlyProbe();
  #isKept = false;
  #budget = MAX_ALL_KEPT;
  #lastOffset = -1;
  #head: Buffer = EMPTY;
  #headLeft = 0;

  constructor(private readonly file: string) {}

  begin(size: number, path: string): number {
    this.isDockerfile = path === this.file;
    this.#head = EMPTY;
    this.#headLeft = this.mayHaveArchive ? 0 : Math.min(size, BLOCK);
    const isWanted = this.isDockerfile || isReadByName(path);
    this.#isKept = isWanted && size <= MAX_KEPT && size <= this.#budget;
    if (this.#isKept) {
      this.#budget -= size;
      return this.spool.begin(size);
    }
    this.#probe.begin(--this.#lastOffset, path, size);
    return this.#lastOffset;
  }

  append(bytes: Buffer): void {
    if (this.#headLeft > 0) this.#addHead(bytes);
    if (this.#isKept) this.spool.append(bytes);
    else this.#probe.data(bytes);
  }

  end(): void {
    this.#probe.end();
  }

  /**
   * The facts of all contents of an image.
   * @throws UnknownError if one of them could have others, or if the image is too large
   */
  factsOf(layers: readonly Directory[]): ReadonlyMap<number, Content> {
    for (const { children } of layers) {
      const etc = children.get('etc');
      // An instruction may have looked for a name in them.
      for (const name of isDirectory(etc) ? ['passwd', 'group'] : []) {
        const node = (etc as Directory).children.get(name);
        if (isFile(node) && node.offset < 0) throw new UnknownError();
      }
    }
    const top = layers.at(-1);
    const contents = new Map<number, Content>();
    if (top === undefined) return contents;
    if (hasMore(filesOf(top), MAX_FILES_UNLIMITED)) throw new UnknownError();
    for (const { path, file } of filesOf(top)) {
      const { offset } = file;
      const known = contents.get(offset);
      const facts =
        offset < 0 ? this.#probe.factsAt(offset, path) : known ? undefined : this.#read(file, path);
      // In the engine's image, two copies have facts of their own.
      if (facts === undefined || (known !== undefined && facts !== known)) throw new UnknownError();
      contents.set(offset, facts);
    }
    return contents;
  }

  #read(file: Leaf, path: string): Content {
    const probe = new ContentProbe();
    probe.begin(path, file.size);
    probe.data(contentOf(file, this.spool, file.size));
    return probe.end() ?? {};
  }

  #addHead(bytes: Buffer): void {
    const part = bytes.subarray(0, this.#headLeft);
    this.#headLeft -= part.length;
    const head = this.#head.length === 0 ? part : Buffer.concat([this.#head, part]);
    this.#head = this.#headLeft > 0 ? Buffer.from(head) : EMPTY;
    if (this.#headLeft > 0) return;
    const isTar = head.length === BLOCK && verifiedSum(head, 0) >= 0;
    this.mayHaveArchive = isTar || recognise(head) !== undefined;
  }
}
