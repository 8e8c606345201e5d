/** Descriptors of blobs: OCI image-spec, descriptor.md. Docker's older media types are read but never written. */

export interface Descriptor {
  readonly mediaType: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A platform in an index. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
}

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const DOCKER_INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

/** The OCI equivalent of a media type of Docker; others are returned unchanged. */
export function ociMediaType(mediaType: string): string {
  return OCI_NAMES[mediaType] ?? mediaType;
}

const OCI_NAMES: Readonly<Record<string, string>> = {
  [DOCKER_INDEX]: OCI_INDEX,
  [DOCKER_MANIFEST]: OCI_MANIFEST,
  'application/vnd.docker.container.image.v1+json': OCI_CONFIG,
  'application/vnd.docker.image.rootfs.diff.tar': OCI_LAYER,
  'application/vnd.docker.image.rootfs.diff.tar.gzip': `${OCI_LAYER}+gzip`,
  'application/vnd.docker.image.rootfs.diff.tar.zstd': `${OCI_LAYER}+zstd`,
};
