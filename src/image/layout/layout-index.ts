/**
 * What tells a reader which images an archive has: `index.json` (OCI image-spec, image-layout.md)
 * with containerd's annotation for the whole name, and `manifest.json` (moby, image/tarexport).
 */
import { type Descriptor, OCI_INDEX } from '../descriptor.js';
import { blobPath } from '../digest.js';
import type { AssembledImage, Index } from '../manifest.js';
import { choosePlatform, hostPlatform } from '../platform.js';
import { formatReference, parseReference } from '../reference.js';

/** The content of `oci-layout`. */
export const LAYOUT_VERSION = '{"imageLayoutVersion":"1.0.0"}';

/** The whole reference: containerd and BuildKit write and read it. */
export const CONTAINERD_NAME = 'io.containerd.image.name';
/** The tag alone, as BuildKit writes it. */
export const REF_NAME = 'org.opencontainers.image.ref.name';

/** One image of `manifest.json`. */
export interface DockerManifestEntry {
  readonly Config: string;
  /** In full, `docker.io/library/app:1`: podman takes `app:1` for a name of its own machine. */
  readonly RepoTags: readonly string[] | null;
  /** `null` in an image without layers, as Go writes it. */
  readonly Layers: readonly string[] | null;
}

/** `index.json`: the image once for each of its names. */
export function layoutIndex(image: AssembledImage, names: readonly string[]): Index {
  return { schemaVersion: 2, mediaType: OCI_INDEX, manifests: namedDescriptors(image, names) };
}

/**
 * The image's descriptor with each name's annotations; once without any when it has no name. A tag is given
 * once: `a:latest` and `b:latest` are two of the same to umoci, which then takes neither.
 */
export function namedDescriptors(image: AssembledImage, names: readonly string[]): Descriptor[] {
  const { descriptor } = image;
  if (names.length === 0) return [descriptor];
  const tags = new Set<string>();
  return fullNames(names).map((name) => {
    const tag = name.slice(name.lastIndexOf(':') + 1);
    const isFirst = !tags.has(tag);
    tags.add(tag);
    const annotations = { [CONTAINERD_NAME]: name, ...(isFirst && { [REF_NAME]: tag }) };
    return { ...descriptor, annotations: { ...descriptor.annotations, ...annotations } };
  });
}

/** With registry and tag, each once. */
function fullNames(names: readonly string[]): string[] {
  const full = names.map((name) => {
    const { registry, repository, tag = 'latest' } = parseReference(name);
    return formatReference({ registry, repository, tag });
  });
  return [...new Set(full)];
}

/** Adds images to an index: one with a name of theirs gives way. */
export function mergeIndex(index: Index, added: readonly Descriptor[]): Index {
  const names = new Set(added.map(nameOf));
  const digests = new Set(added.map(({ digest }) => digest));
  const kept = index.manifests.filter((old) => {
    const name = nameOf(old);
    return name === undefined ? !digests.has(old.digest) : !names.has(name);
  });
  return { ...index, manifests: [...kept, ...added] };
}

function nameOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[CONTAINERD_NAME] ?? annotations?.[REF_NAME];
}

/** `manifest.json`, which has no platforms: it holds this machine's, or the first. */
export function dockerManifest(
  image: AssembledImage,
  names: readonly string[],
): DockerManifestEntry[] {
  const own = choosePlatform(
    image.images.map(({ descriptor }) => descriptor),
    hostPlatform(),
  );
  const chosen = image.images.find(({ descriptor }) => descriptor === own) ?? image.images[0];
  if (chosen === undefined) return [];
  const tags = fullNames(names);
  return [
    {
      Config: blobPath(chosen.manifest.config.digest),
      RepoTags: tags.length > 0 ? tags : null,
      Layers: chosen.manifest.layers.map(({ digest }) => blobPath(digest)),
    },
  ];
}
