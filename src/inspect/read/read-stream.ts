/** A stream that is a context or an image archive, as an inspection. */
import { Readable } from 'node:stream';
import { DockerceptionError } from '../../errors.js';
import { readDockerArchive } from '../../image/archive/docker-archive.js';
import { followMember } from '../../image/archive/tar-index.js';
import type { Platform } from '../../image/descriptor.js';
import { blobPath, compare, EMPTY_DIGEST } from '../../image/digest.js';
import { invalidImage } from '../../image/document.js';
import type { ImageChoice } from '../../image/image-choice.js';
import type { LayoutFiles } from '../../image/layout/layout-files.js';
import { readLayout } from '../../image/layout/layout-reader.js';
import type { Image } from '../../image/manifest.js';
import { describeTrailing } from '../../source/diagnose.js';
import type { Source } from '../../source/source.js';
import type { Trailing } from '../../tar/walk-handler.js';
import { toBinary } from '../../text/binary.js';
import { printable } from '../../text/printable.js';
import type { ContextKind } from '../findings/index.js';
import type { Inspection } from '../inspection.js';
import { scanArchive, type ScannedArchive } from './archive-scan.js';
import { type DescribedLayer, inspectLayers } from './inspect-layers.js';
import { checkDiffIds, describe, imageFacts, layerName, type ReadOptions } from './read-image.js';
import type { RecordedLayer } from './record-layer.js';
import type { ScannedBlob } from './scanned-blob.js';

export interface StreamOptions extends ReadOptions {
  readonly platform: Platform;
  /** The source of the context, for advice. @default unknown */
  readonly context?: ContextKind | undefined;
  /** Which image of the archive, and the form to prefer if the archive has both. @default a context, or any image */
  readonly image?: ImageChoice & { readonly form: Form };
}

type Form = 'layout' | 'docker';

/** Reads a stream once, to its end. Throws of kind context, limit; the signal's reason. */
export async function readStream(source: Source, options: StreamOptions): Promise<Inspection> {
  const { target, context, platform, image: choice } = options;
  const archive = await scanArchive(source, options);
  const name = printable(source.name);
  const form = formOf(archive, choice);
  if (form === undefined) {
    if (choice !== undefined)
      throw invalidImage(
        name,
        'it is a tar, but no image: neither index.json nor manifest.json tell of one',
      );
    if (archive.trailing !== undefined) throw trailingData(archive.trailing, name);
    return inspectLayers({ target, context, layers: [{ recorded: archive.context, name }] });
  }
  const files = new ScannedFiles(name, archive);
  const read = form === 'layout' ? readLayout : readDockerArchive;
  const image = await read(files, choice ?? {}, platform);
  const layers = scannedLayers(image, archive, name);
  checkDiffIds(image, layers);
  return inspectLayers({ target, context, image: imageFacts(image), layers });
}

/** Decided by the contents of files, since a context may have these names. Only layouts can be chosen from by digest. */
function formOf(
  { blobs }: ScannedArchive,
  { form = 'layout', digest }: StreamOptions['image'] = { form: 'layout' },
): Form | undefined {
  const has = { layout: hasLayout, docker: isDocker };
  const forms = (['layout', 'docker'] as const).filter((one) => has[one](blobs));
  return digest === undefined && forms.includes(form) ? form : forms[0];
}

function hasLayout(blobs: ScannedArchive['blobs']): boolean {
  const index = json(blobs, 'index.json') as { readonly manifests?: unknown } | undefined;
  return blobs.has('oci-layout') && Array.isArray(index?.manifests);
}

function isDocker(blobs: ScannedArchive['blobs']): boolean {
  const manifest = json(blobs, 'manifest.json');
  if (!Array.isArray(manifest) || manifest.length === 0) return false;
  return manifest.every(
    (one: { readonly Config?: unknown; readonly Layers?: unknown } | null) =>
      typeof one?.Config === 'string' && Array.isArray(one.Layers ?? []),
  );
}

function json(blobs: ScannedArchive['blobs'], path: string): unknown {
  try {
    return JSON.parse(blobs.get(path)?.document?.toString('utf8') ?? '');
  } catch {
    return undefined;
  }
}

const EMPTY_LAYER: RecordedLayer = {
  entries: [],
  count: 0,
  contents: [],
  raw: 0,
  size: 0,
  diffId: EMPTY_DIGEST,
};

function scannedLayers(image: Image, { blobs }: ScannedArchive, name: string): DescribedLayer[] {
  const byDigest = new Map([...blobs.values()].map((blob) => [blob.digest, blob]));
  return image.layers.map((descriptor) => {
    const { digest, size } = descriptor;
    const nameOfLayer = layerName(digest, name);
    if (size === 0 && digest === EMPTY_DIGEST)
      return { recorded: EMPTY_LAYER, name: nameOfLayer, digest };
    const blob = byDigest.get(digest);
    if (blob === undefined) throw missing(digest, blobs.get(pathOf(digest))?.digest, name);
    const error = compare(descriptor, name, blob.size, digest);
    if (error !== null) throw error;
    if (blob.layer === undefined)
      throw blob.failure === undefined ? notATar(digest, name) : (blob.failure as Error);
    return describe(blob.layer, descriptor, nameOfLayer);
  });
}

function pathOf(digest: string): string {
  try {
    return blobPath(digest);
  } catch {
    return '';
  }
}

function missing(digest: string, found: string | undefined, name: string): DockerceptionError {
  const shown = printable(digest);
  const why =
    found === undefined
      ? `no file in it is layer ${shown}`
      : `the digest of layer ${shown} is ${found}`;
  return new DockerceptionError('context', 'BLOB_DIGEST', `reading ${printable(name)}: ${why}`, {
    hint: 'it was damaged on its way or where it is kept: fetch it again',
  });
}

/** As a build does. */
function trailingData(trailing: Trailing, name: string): DockerceptionError {
  const message = `reading ${name}: ${describeTrailing(trailing)}`;
  return new DockerceptionError('context', 'TAR_TRAILING', message, {
    hint: 'nothing may follow the tar: the end of a log, a second tar',
  });
}

function notATar(digest: string, name: string): DockerceptionError {
  const message = `reading ${printable(name)}: layer ${printable(digest)} is JSON, not a tar`;
  return new DockerceptionError('context', 'TAR_NOT_A_TAR', message);
}

/** The files that readers of images open. Of layers, only the digest and the first bytes are available. */
class ScannedFiles implements LayoutFiles {
  constructor(
    readonly name: string,
    private readonly archive: ScannedArchive,
  ) {}

  async size(path: string): Promise<number | undefined> {
    return this.#find(path)?.size;
  }

  async digest(path: string): Promise<string | undefined> {
    return this.#find(path)?.digest;
  }

  async open(path: string): Promise<Readable> {
    const found = this.#find(path);
    if (found === undefined) throw new Error(`there is no ${path} in ${this.name}`);
    return Readable.from([found.document ?? found.head], { objectMode: false });
  }

  #find(path: string): ScannedBlob | undefined {
    const { blobs, links, context } = this.archive;
    const target = followMember(path, (link) => links.get(link));
    const blob = blobs.get(target);
    if (blob !== undefined) return blob;
    // Empty files are not retained as blobs, since a context may have many.
    const name = toBinary(target);
    const entry = context.entries.findLast(({ cleanPath }) => cleanPath === name);
    const isEmpty = entry?.type === 'file' && entry.contentSize === 0;
    return isEmpty ? { digest: EMPTY_DIGEST, size: 0, head: Buffer.alloc(0) } : undefined;
  }
}
