/** A stream that is a context or an image archive, as an inspection. */
import { DockerceptionError } from '../../errors.js';
import { openDockerArchive } from '../../image/archive/docker-archive.js';
import type { Platform } from '../../image/descriptor.js';
import { blobPath, compare, EMPTY_DIGEST } from '../../image/digest.js';
import { badImage } from '../../image/image-error.js';
import { type ImageChoice, readLayout } from '../../image/layout/layout-reader.js';
import type { Image } from '../../image/manifest.js';
import { behindTheEnd } from '../../source/diagnose.js';
import type { Source } from '../../source/source.js';
import type { Trailing } from '../../tar/walk-handler.js';
import { printable } from '../../text/printable.js';
import type { ContextKind } from '../findings/index.js';
import type { Inspection } from '../inspection.js';
import type { PassedArchive } from './archive-scan.js';
import { inspectLayers, type LayerPart } from './inspect-layers.js';
import type { Wanted } from './layer-contents.js';
import { checkDiffIds, imageFacts } from './read-image.js';
import type { RecordedLayer } from './record-layer.js';
import { passArchive } from './scan-archive.js';
import { PassedFiles } from './scanned-files.js';

export interface StreamOptions {
  /** As it was asked for. */
  readonly target: string;
  readonly platform: Platform;
  readonly maxSize?: number | undefined;
  readonly signal: AbortSignal;
  readonly wanted?: Wanted | undefined;
  /** Where a context comes from, or an image's was: advice depends on it. @default unknown */
  readonly context?: ContextKind | undefined;
  /** Where an image was asked for: which one, and in which form where there are both. @default whatever it is */
  readonly image?: ImageChoice & { readonly form: Form };
}

type Form = 'layout' | 'docker';

/** Reads it once, to its end. Throws of kind context, limit; the signal's reason. */
export async function readStream(source: Source, options: StreamOptions): Promise<Inspection> {
  const { target, platform, signal, maxSize, wanted, image: choice = {} } = options;
  const archive = await passArchive(source, { maxSize, signal, wanted });
  const { context, trailing } = archive;
  const name = printable(source.name);
  const form = formOf(archive, options.image);
  if (form === undefined) {
    if (options.image !== undefined)
      throw badImage(
        name,
        'it is a tar, but no image: neither index.json nor manifest.json tell of one',
      );
    if (trailing !== undefined) throw behind(trailing, name);
    return inspectLayers({
      target,
      context: options.context,
      layers: [{ recorded: context, name }],
    });
  }
  const files = new PassedFiles(name, archive);
  const open = form === 'layout' ? readLayout : openDockerArchive;
  const reader = await open(files, choice);
  const image = await reader.image(platform);
  const layers = passedLayers(image, archive, name);
  checkDiffIds(image, layers);
  return inspectLayers({ target, context: options.context, image: imageFacts(image), layers });
}

/** A context may have files by these names: only their contents tell. Only a layout has digests of manifests. */
function formOf(
  { blobs }: PassedArchive,
  { form = 'layout', digest }: StreamOptions['image'] = { form: 'layout' },
): Form | undefined {
  const forms: Form[] = [
    ...(isLayout(blobs) ? (['layout'] as const) : []),
    ...(isDocker(blobs) ? (['docker'] as const) : []),
  ];
  return forms.find((each) => each === form && digest === undefined) ?? forms[0];
}

function isLayout(blobs: PassedArchive['blobs']): boolean {
  const index = json(blobs, 'index.json') as { readonly manifests?: unknown } | undefined;
  return blobs.has('oci-layout') && Array.isArray(index?.manifests);
}

function isDocker(blobs: PassedArchive['blobs']): boolean {
  const manifest = json(blobs, 'manifest.json');
  if (!Array.isArray(manifest) || manifest.length === 0) return false;
  return manifest.every(
    (one: { readonly Config?: unknown; readonly Layers?: unknown } | null) =>
      typeof one?.Config === 'string' && Array.isArray(one.Layers ?? []),
  );
}

function json(blobs: PassedArchive['blobs'], path: string): unknown {
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

function passedLayers(image: Image, { blobs }: PassedArchive, name: string): LayerPart[] {
  const byDigest = new Map([...blobs.values()].map((blob) => [blob.digest, blob]));
  return image.layers.map((descriptor) => {
    const { digest, mediaType } = descriptor;
    if (descriptor.size === 0 && digest === EMPTY_DIGEST)
      return { recorded: EMPTY_LAYER, name: `layer ${digest.slice(0, 19)} of ${name}`, digest };
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
