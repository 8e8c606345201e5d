/** The options of an image: what an engine builds, and where the image goes. */
import { type Compression, COMPRESSION_TYPES, parseCompression } from '../compression/compress.js';
import { parsePlatform, PLATFORMS } from '../image/platform.js';
import { isImageName } from '../image/reference.js';
import { BUILDKIT } from './buildkit.js';
import { COMMON, type Complete, flagIn, list, option, optional, record, toggle } from './schema.js';
import {
  type Check,
  hostAddress,
  is,
  isObject,
  nonEmptyText,
  oneOf,
  parsed,
  recordOf,
  shape,
  text,
} from './values.js';

/** The forms of an {@link Output}. */
export const OUTPUT_TYPES = ['docker', 'oci', 'tar', 'local'] as const;

/** Where an image is written, as of `docker buildx build --output`. */
export interface Output {
  readonly type: (typeof OUTPUT_TYPES)[number];
  /** A path, or `-` for standard output. */
  readonly dest: string;
  /** Any other attribute (`tar=false`, …). */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Whether it is an image, not a file system. */
export function isImageOutput({ type }: Output): boolean {
  return type === 'oci' || type === 'docker';
}

/** What an output is on disk: one file, a folder of files, or a layout, which is a folder too. */
export function outputForm(output: Output): 'file' | 'folder' | 'layout' {
  if (output.type === 'local') return 'folder';
  const isUnpacked = /^(false|0)$/i.test(output.attributes['tar'] ?? '');
  return isImageOutput(output) && isUnpacked ? 'layout' : 'file';
}

const image = flagIn('Image');
const result = flagIn('Engine and output');

const name = is<string>(
  'a name of an image',
  (value) => typeof value === 'string' && isImageName(value),
  'as in registry:5000/team/app:1.10',
);

const output = shape<Output>(
  { type: oneOf(OUTPUT_TYPES), dest: nonEmptyText, attributes: recordOf(text) },
  ['type', 'dest', 'attributes'],
);

const compression: Check<Compression> = (value) => {
  const refusal = shape<Compression>({ type: text, level: is('a level', Number.isInteger) }, [
    'type',
  ])(value);
  if (refusal !== undefined || !isObject(value)) return refusal;
  const level = value['level'] === undefined ? undefined : JSON.stringify(value['level']);
  const whole = parsed('a compression', (type) => parseCompression(type, level))(value['type']);
  return whole && { ...whole, at: level === undefined ? '.type' : '' };
};

/** The options that every engine gets. */
export const IMAGE = {
  ...BUILDKIT,
  /** The image's names. @default none */
  tags: list(
    name,
    image('-t, --tag NAME ...', "the image's name", { isCommon: true, values: ['<image>'] }),
  ),
  /** Values of ARGs. @default none */
  buildArgs: record(text, image('--build-arg KEY[=VALUE] ...', 'set an ARG', COMMON)),
  /** Labels to set. @default none */
  labels: record(text, image('--label KEY=VALUE ...', 'set a label')),
  /** The stage to build. @default the last one */
  target: optional(text, image('--target STAGE', 'build up to this stage', COMMON)),
  /** `os/arch[/variant]`, each. @default the engine's */
  platforms: list(
    parsed('a platform', parsePlatform),
    image('--platform OS/ARCH ...', 'build for this platform', {
      isCommon: true,
      values: PLATFORMS,
    }),
  ),
  /** Build every step without the cache. @default false */
  noCache: toggle(image('--no-cache', 'build every step without the cache', COMMON)),
  /** Look for newer bases. @default false */
  pull: toggle(image('--pull', 'look for newer bases')),
  /** The network of RUN. @default the engine's */
  network: optional(
    text,
    image('--network MODE', 'network of RUN: default, none, host', {
      values: ['default', 'none', 'host'],
    }),
  ),
  /** `HOST:IP`, each. @default none */
  addHosts: list(hostAddress, image('--add-host HOST:IP ...', 'a host that RUN can reach by name')),
  /** Further contexts by name: `docker-image://REF`, a directory, a tar file, `oci-layout://DIR`. @default none */
  buildContexts: record(nonEmptyText, image('--build-context NAME=REF ...', 'a further context')),
  /**
   * Archives, layouts and file systems to write.
   * @default none; the embedded engine writes `NAME.tar`, after the first tag, if nothing else is requested
   */
  outputs: list(
    output,
    result(
      '-o, --output FILE ...',
      'write an archive: FILE, -, or type=oci|docker|tar|local,dest=PATH',
      { isCommon: true, values: ['<file>', ...OUTPUT_TYPES.map((type) => `type=${type},dest=`)] },
    ),
  ),
  /** Push every tag after the build. @default false */
  push: toggle(result('--push', 'push the image to its registry', COMMON)),
  /** Load the image into the engine that answers, whichever engine built it. Engines that keep images do so anyway. @default false */
  load: toggle(
    result('--load', 'load the image into the engine, whichever engine built it', COMMON),
  ),
  /** How layers are compressed that are written here, not by an engine. @default gzip */
  compression: option(
    compression,
    () => ({ type: 'gzip' as const }),
    result('--compression TYPE', 'of layers written here: gzip, zstd or none (default gzip)', {
      values: COMPRESSION_TYPES,
    }),
    result('--compression-level N', 'from 1, the fastest, to 9 (gzip) or 19 (zstd)'),
  ),
  /** The folder for the layers of bases, and for layers that were compressed here. @default `$XDG_CACHE_HOME/dockerception` */
  cacheDir: optional(
    nonEmptyText,
    result('--cache-dir DIR', 'keep layers of bases, and compressed layers, in this folder'),
  ),
};

/** Complete options of an image. */
export type ImageOptions = Complete<typeof IMAGE>;
