/** A stream that is a context or an image archive, as an inspection. */
import { DockerceptionError } from '../errors.js';
import type { Platform } from '../image/descriptor.js';
import { openDockerArchive } from '../image/docker-archive-reader.js';
import { blobPath, compare } from '../image/digest.js';
import { readLayout } from '../image/layout-reader.js';
import type { Image } from '../image/manifest.js';
import { printable } from '../tar/printable.js';
import type { Trailing } from '../tar/trailing.js';
import { behindTheEnd } from '../source/diagnose.js';
import type { Source } from '../source/source.js';
import type { Wanted } from './contents.js';
import { inspectLayers, type LayerPart } from './inspect-layers.js';
import type { Inspection } from './inspection.js';
import { passArchive, type PassedArchive } from './pass-archive.js';
import { PassedFiles } from './passed-files.js';
import { checkDiffIds, imageFacts } from './read-image.js';

export interface StreamOptions {
  /** As it was asked for. */
  readonly target: string;
  readonly platform: Platform;
  readonly maxSize?: number | undefined;
  readonly signal: AbortSignal;
  readonly wanted?: Wanted | undefined;
}

/** Reads it once, to its end. Throws of kind context, limit; the signal's reason. */
export async function readStream(source: Source, options: StreamOptions): Promise<Inspection> {
  const { target, platform, signal, maxSize, wanted } = options;
  const archive = await passArchive(source, { maxSize, signal, wanted });
  const { context, trailing } = archive;
  const name = printable(source.name);
  const form = formOf(archive);
  if (form === undefined) {
    if (trailing !== undefined) throw behind(trailing, name);
    return inspectLayers({ target, layers: [{ recorded: context, name }] });
  }
  const files = new PassedFiles(name, archive);
  const reader = await (form === 'layout' ? readLayout(files, {}) : openDockerArchive(files, {}));
  const image = await reader.image(platform);
  const layers = passedLayers(image, archive, name);
  checkDiffIds(image, layers);
  return inspectLayers({ target, image: imageFacts(image), layers });
}

/** A context may have files by these names: only their contents tell. */
function formOf({ blobs }: PassedArchive): 'layout' | 'docker' | undefined {
  const json = (path: string): unknown => {
    try {
      return JSON.parse(blobs.get(path)?.document?.toString('utf8') ?? '');
    } catch {
      return undefined;
    }
  };
  const index = json('index.json') as { readonly manifests?: unknown } | undefined;
  if (blobs.has('oci-layout') && Array.isArray(index?.manifests)) return 'layout';
  const manifest = json('manifest.json');
  if (!Array.isArray(manifest) || manifest.length === 0) return undefined;
  const isDocker = manifest.every(
    (one: { readonly Config?: unknown; readonly Layers?: unknown } | null) =>
      typeof one?.Config === 'string' && Array.isArray(one.Layers),
  );
  return isDocker ? 'docker' : undefined;
}

function passedLayers(image: Image, { blobs }: PassedArchive, name: string): LayerPart[] {
  const byDigest = new Map([...blobs.values()].map((blob) => [blob.digest, blob]));
  return image.layers.map((descriptor) => {
    const { digest, mediaType } = descriptor;
    const passed = byDigest.get(digest);
    if (passed === undefined) throw missing(digest, blobs.get(pathOf(digest))?.digest, name);
    const error = compare(descriptor, name, passed.size, digest);
    if (error !== null) throw error;
    const { layer: recorded, failure, size } = passed;
    if (recorded === undefined)
      throw failure === undefined ? notATar(digest, name) : (failure as Error);
    const isCompressed = /[+.](?:gzip|zstd|xz|bzip2)$/.test(mediaType);
    return {
      recorded,
      name: `layer ${digest.slice(0, 19)} of ${name}`,
      digest,
      ...(isCompressed && { compressed: size }),
    };
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
    hint: 'it was damaged on its way or where it is kept: fetch it anew',
  });
}

/** A build refuses such a context, too. */
function behind(trailing: Trailing, name: string): DockerceptionError {
  const message = `reading ${name}: ${behindTheEnd(trailing)}`;
  return new DockerceptionError('context', 'TAR_TRAILING', message, {
    hint: 'nothing may follow the tar: the end of a log, a second tar',
  });
}

function notATar(digest: string, name: string): DockerceptionError {
  const message = `reading ${printable(name)}: layer ${printable(digest)} is JSON, not a tar`;
  return new DockerceptionError('context', 'TAR_NOT_A_TAR', message);
}
