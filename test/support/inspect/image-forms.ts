/**
 * One image in every form that there is, put together by hand: what each tool writes was looked up in
 * archives that it wrote.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { header, member, tar, type Text } from '../write-tar.js';

/** Files of an archive or a folder, in their order: bytes, or where a link points to. */
export type Files = Readonly<Record<string, Buffer | string | { readonly link: string }>>;

export interface Described {
  /** Tars, from the lowest up. */
  readonly layers: readonly Buffer[];
  /** Members that the configuration has beside platform and diff IDs. */
  readonly config?: object;
  readonly names?: readonly string[];
  /** Writes `null` for an empty list, as Go does for a nil slice. */
  readonly nil?: boolean;
}

/** A list of its documents. */
function listOf<T>({ nil = false }: Described, all: readonly T[]): readonly T[] | null {
  return nil && all.length === 0 ? null : all;
}

export const hex = (bytes: Text): string => createHash('sha256').update(bytes).digest('hex');
export const digest = (bytes: Text): string => `sha256:${hex(bytes)}`;

/** The bytes of an image's configuration. */
export function configOf(image: Described): string {
  const rootfs = { type: 'layers', diff_ids: listOf(image, image.layers.map(digest)) };
  return JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs, ...image.config });
}

const OCI = 'application/vnd.oci.image';

/** A layout's files; layers are compressed. */
export function layoutFiles(
  image: Described,
  compress: (layer: Buffer) => Buffer = (layer) => gzipSync(layer, { level: 1 }),
): Files {
  const { blobs, descriptor } = blobsOf(image, compress);
  return {
    'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
    ...blobs,
    'index.json': index([descriptor]),
  };
}

/** An index of these descriptors. */
export function index(manifests: readonly object[]): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests });
}

/** The blobs of an image, and its manifest's descriptor. */
export function blobsOf(
  image: Described,
  compress: (layer: Buffer) => Buffer = (layer) => layer,
): { readonly blobs: Readonly<Record<string, Buffer>>; readonly descriptor: object } {
  const config = Buffer.from(configOf(image));
  const packed = image.layers.map(compress);
  const plain = packed.every((blob, at) => blob === image.layers[at]);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${OCI}.manifest.v1+json`,
      config: { mediaType: `${OCI}.config.v1+json`, digest: digest(config), size: config.length },
      layers: listOf(
        image,
        packed.map((blob) => ({
          mediaType: `${OCI}.layer.v1.tar${plain ? '' : '+gzip'}`,
          digest: digest(blob),
          size: blob.length,
        })),
      ),
    }),
  );
  const all = [manifest, config, ...packed];
  const blobs = Object.fromEntries(all.map((blob) => [`blobs/sha256/${hex(blob)}`, blob]));
  const [name] = image.names ?? [];
  const descriptor = {
    mediaType: `${OCI}.manifest.v1+json`,
    digest: digest(manifest),
    size: manifest.length,
    ...(name !== undefined && { annotations: { 'org.opencontainers.image.ref.name': name } }),
  };
  return { blobs, descriptor };
}

/** What `docker save` writes since 25: a layout that is an old archive, too. */
export function docker28(image: Described): Files {
  const files = layoutFiles(image, (layer) => layer);
  const config = `blobs/sha256/${hex(configOf(image))}`;
  const layers = image.layers.map((layer) => `blobs/sha256/${hex(layer)}`);
  return { ...files, 'manifest.json': manifestJson(image, config, layers) };
}

/** What it wrote before: a folder for each layer, equal ones as links. */
export function docker20(image: Described): Files {
  const files: Record<string, Files[string]> = {};
  const first = new Map<string, string>();
  const layers = image.layers.map((layer, at) => {
    const folder = hex(`layer ${at}`);
    const known = first.get(hex(layer));
    files[`${folder}/VERSION`] = '1.0';
    files[`${folder}/json`] = JSON.stringify({ id: folder });
    files[`${folder}/layer.tar`] = known === undefined ? layer : { link: `../${known}/layer.tar` };
    if (known === undefined) first.set(hex(layer), folder);
    return `${folder}/layer.tar`;
  });
  const config = `${hex(configOf(image))}.json`;
  const manifest = manifestJson(image, config, layers);
  return { ...files, [config]: configOf(image), 'manifest.json': manifest, repositories: '{}' };
}

/** `podman save`, and skopeo's `docker-archive:`, which leaves links in the place of old folders. */
export function podman(image: Described): Files {
  const config = `${hex(configOf(image))}.json`;
  const layers = image.layers.map((layer) => `${hex(layer)}.tar`);
  const files = Object.fromEntries<Buffer>(
    image.layers.map((layer, at) => [layers[at] as string, layer]),
  );
  const links: Files = Object.fromEntries(
    layers.map((name, at) => [`${hex(`layer ${at}`)}/layer.tar`, { link: `../${name}` }]),
  );
  const manifest = manifestJson(image, config, layers);
  return { ...files, ...links, [config]: configOf(image), 'manifest.json': manifest };
}

/** `crane pull`, kaniko: compressed layers by their digests, the configuration without an ending. */
export function crane(image: Described): Files {
  const config = digest(configOf(image));
  const packed = image.layers.map((layer) => gzipSync(layer));
  const layers = packed.map((blob) => `${hex(blob)}.tar.gz`);
  const files = Object.fromEntries<Buffer>(packed.map((blob, at) => [layers[at] as string, blob]));
  return {
    [config]: configOf(image),
    ...files,
    'manifest.json': manifestJson(image, config, layers),
  };
}

/** The folder that skopeo and podman write as `dir:`; `indexed` with an index, as `skopeo copy --all` does. */
export function dirTransport(image: Described, indexed = false): Files {
  const { blobs, descriptor } = blobsOf(image, (layer) => gzipSync(layer));
  const { digest: name } = descriptor as { readonly digest: string };
  const files = Object.fromEntries(
    Object.entries(blobs).map(([path, bytes]) => {
      const blob = path.slice('blobs/sha256/'.length);
      if (name !== `sha256:${blob}`) return [blob, bytes];
      return [indexed ? `${blob}.manifest.json` : 'manifest.json', bytes];
    }),
  );
  const platform = { os: 'linux', architecture: 'amd64' };
  return {
    version: 'Directory Transport Version: 1.1\n',
    ...files,
    ...(indexed && { 'manifest.json': index([{ ...descriptor, platform }]) }),
  };
}

/** Names of the writer's own choice, as an archive put together by a script has them. */
export function ownNames(image: Described): Files {
  const layers = image.layers.map((_, at) => `fs/${at}`);
  const files = Object.fromEntries<Buffer>(
    image.layers.map((layer, at) => [layers[at] as string, layer]),
  );
  return {
    image: configOf(image),
    ...files,
    'manifest.json': manifestJson(image, 'image', layers),
  };
}

/** The same with a slash or `./` in front of every name, in `manifest.json` alone or in the tar alone. */
export function leading(files: Files, prefix: string, where: 'manifest' | 'tar'): Files {
  const isManifest = where === 'manifest';
  const entries = Object.entries(files).map(([name, content]) => {
    if (name !== 'manifest.json') return [isManifest ? name : prefix + name, content] as const;
    const [image] = JSON.parse(content as string) as [{ Config: string; Layers: string[] }];
    const { Config, Layers } = image;
    const named = { Config: prefix + Config, Layers: Layers.map((layer) => prefix + layer) };
    return [name, isManifest ? JSON.stringify([{ ...image, ...named }]) : content] as const;
  });
  return Object.fromEntries(entries);
}

function manifestJson(image: Described, Config: string, layers: readonly string[]): string {
  const { names = null } = image;
  return JSON.stringify([{ Config, RepoTags: names, Layers: listOf(image, layers) }]);
}

/** The files as an archive. */
export function archiveOf(files: Files): Buffer {
  return tar(
    ...Object.entries(files).map(([name, content]) =>
      typeof content === 'string' || Buffer.isBuffer(content)
        ? member({ name, body: content })
        : header({ name, typeflag: '2', linkname: content.link }),
    ),
  );
}

/** One of the files in front of all others, or behind them. */
export function moved(files: Files, name: string, where: 'first' | 'last'): Files {
  const { [name]: one = '', ...others } = files;
  return where === 'first' ? { [name]: one, ...others } : { ...others, [name]: one };
}
