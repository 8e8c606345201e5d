/** What an image archive has in it, as far as two images are compared. It shares no code with src/. */
import { gunzipSync } from 'node:zlib';
import { readTar } from '../../../support/read-tar.js';
import { type FileSystem, flatten } from './flatten.js';

/** What of a configuration has to be the same. Empty is as good as absent. */
export type Config = Readonly<Record<string, unknown>>;

/** An image of one platform. */
export interface Image {
  readonly config: Config;
  readonly files: FileSystem;
}

const COMPARED = [
  'User',
  'Env',
  'Cmd',
  'Entrypoint',
  'WorkingDir',
  'Labels',
  'ExposedPorts',
  'Volumes',
  'Healthcheck',
  'StopSignal',
  'Shell',
  'OnBuild',
];

interface Descriptor {
  readonly digest: string;
  readonly mediaType: string;
}

interface Json {
  readonly manifests?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[] | null;
  readonly architecture?: string;
  readonly variant?: string;
  readonly os?: string;
  readonly author?: string;
}

/** The images of an archive in the OCI layout, one for each platform. */
export function readArchive(archive: Buffer): Image[] {
  const members = new Map(readTar(archive).entries.map(({ name, body }) => [name, body]));
  const bytes = (name: string): Buffer => {
    const found = members.get(name);
    if (found === undefined) throw new Error(`the archive has no ${name}`);
    return found;
  };
  const blob = ({ digest }: Descriptor): Buffer => bytes(`blobs/${digest.replace(':', '/')}`);
  const json = (text: Buffer): Json => JSON.parse(text.toString()) as Json;
  const image = (manifest: Json): Image => {
    const text = blob(manifest.config as Descriptor);
    return {
      config: compared(JSON.parse(text.toString()) as Record<string, unknown>),
      files: flatten((manifest.layers ?? []).map((layer) => inflate(blob(layer)))),
    };
  };
  const images = (node: Json): Image[] =>
    node.manifests === undefined
      ? [image(node)]
      : node.manifests.flatMap((child) => images(json(blob(child))));
  return images(json(bytes('index.json')));
}

function compared(document: Record<string, unknown>): Config {
  const { architecture, variant, os, author } = document;
  const config = (document['config'] ?? {}) as Record<string, unknown>;
  const parts = COMPARED.map((key) => [key, config[key]] as const);
  const all = [...parts, ...Object.entries({ architecture, variant, os, author })];
  return Object.fromEntries(all.filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function inflate(layer: Buffer): Buffer {
  return layer[0] === 0x1f && layer[1] === 0x8b ? gunzipSync(layer) : layer;
}
