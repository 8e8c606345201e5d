/** The index of a layout, `index.json`: OCI image-spec, image-layout.md. */
import type { Descriptor } from '../descriptor.js';
import type { AssembledImage, Index } from '../manifest.js';
import { formatReference, parseReference } from '../reference.js';

/** The content of `oci-layout`. */
export const LAYOUT_VERSION = '{"imageLayoutVersion":"1.0.0"}';

/** The annotation with the full name, which containerd and BuildKit use. */
export const CONTAINERD_NAME = 'io.containerd.image.name';
/** The annotation with the tag alone, as BuildKit writes it. */
export const REF_NAME = 'org.opencontainers.image.ref.name';

/**
 * The image's descriptor with the annotations of each name; without annotations if it has no name. Each tag is
 * written once: umoci treats `a:latest` and `b:latest` as ambiguous.
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

/** Names with registry and tag but without digest, each once. */
export function fullNames(names: readonly string[]): string[] {
  const full = names.map((name) => {
    const { registry, repository, tag = 'latest' } = parseReference(name);
    return formatReference({ registry, repository, tag });
  });
  return [...new Set(full)];
}

/** Adds images to an index, in place of those with the same names. */
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
