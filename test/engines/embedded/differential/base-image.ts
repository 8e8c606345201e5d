/** Base images, made here byte by byte and put into a registry that all engines pull from. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { engines } from '../../engines.js';
import { type Entry, tarOf } from './entries.js';

/** An image of one platform. */
export interface BaseImage {
  /** What FROM calls it: it names these very bytes. */
  readonly reference: string;
  /** Puts it into the registry. */
  push(): Promise<void>;
}

/** What a platform has. */
export interface BaseContents {
  readonly layers: readonly (readonly Entry[])[];
  readonly config?: object;
  readonly architecture?: string;
  readonly variant?: string;
}

interface Part {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

const CREATED = '2023-11-14T22:13:20Z';
const OCI = 'application/vnd.oci.image';

/** An image; of several contents an index, one manifest for each. */
export function baseImage(name: string, ...contents: readonly BaseContents[]): BaseImage {
  const parts = contents.map(partsOf);
  const manifests = parts.map(({ manifest }) => manifest);
  const [only] = manifests;
  const top = only !== undefined && manifests.length === 1 ? only : indexOf(manifests, contents);
  const repository = `differential/${name}`;
  const tag = digestOf(top.bytes).slice('sha256:'.length, 'sha256:'.length + 12);
  return {
    reference: `${engines.registry.address}/${repository}:${tag}`,
    async push() {
      const at = `http://${engines.registry.address}/v2/${repository}`;
      if ((await fetch(`${at}/manifests/${tag}`, { method: 'HEAD', headers: ANY })).ok) return;
      for (const blob of parts.flatMap(({ blobs }) => blobs)) await putBlob(at, blob.bytes);
      for (const manifest of manifests)
        await putManifest(`${at}/manifests/${digestOf(manifest.bytes)}`, manifest);
      await putManifest(`${at}/manifests/${tag}`, top);
    },
  };
}

const ANY = { accept: `${OCI}.manifest.v1+json, ${OCI}.index.v1+json` };

function partsOf({ layers, config = {}, architecture = 'amd64', variant }: BaseContents): {
  readonly manifest: Part;
  readonly blobs: readonly Part[];
} {
  const tars = layers.map(tarOf);
  const document = {
    created: CREATED,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
    history: layers.map((_, i) => ({ created: CREATED, created_by: `layer ${i}` })),
  };
  const settings = json(`${OCI}.config.v1+json`, document);
  const packed = tars.map((tar) => ({
    mediaType: `${OCI}.layer.v1.tar+gzip`,
    bytes: gzipSync(tar),
  }));
  const manifest = json(`${OCI}.manifest.v1+json`, {
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: descriptor(settings),
    layers: packed.map(descriptor),
  });
  return { manifest, blobs: [settings, ...packed] };
}

function indexOf(manifests: readonly Part[], contents: readonly BaseContents[]): Part {
  return json(`${OCI}.index.v1+json`, {
    schemaVersion: 2,
    mediaType: `${OCI}.index.v1+json`,
    manifests: manifests.map((manifest, i) => ({
      ...descriptor(manifest),
      platform: {
        architecture: contents[i]?.architecture ?? 'amd64',
        os: 'linux',
        ...(contents[i]?.variant === undefined ? {} : { variant: contents[i].variant }),
      },
    })),
  });
}

function json(mediaType: string, document: object): Part {
  return { mediaType, bytes: Buffer.from(JSON.stringify(document)) };
}

function descriptor({ mediaType, bytes }: Part): object {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function putBlob(at: string, bytes: Buffer): Promise<void> {
  const begun = await fetch(`${at}/blobs/uploads/`, { method: 'POST' });
  const to = new URL(begun.headers.get('location') ?? '', at);
  to.searchParams.set('digest', digestOf(bytes));
  await put(to, 'application/octet-stream', bytes);
}

function putManifest(at: string, { mediaType, bytes }: Part): Promise<void> {
  return put(new URL(at), mediaType, bytes);
}

async function put(to: URL, mediaType: string, bytes: Buffer): Promise<void> {
  const headers = { 'content-type': mediaType };
  const answer = await fetch(to, { method: 'PUT', headers, body: new Uint8Array(bytes) });
  if (!answer.ok) throw new Error(`PUT ${to.href}: ${answer.status} ${await answer.text()}`);
}
