/** The options of builders. */
import type { ProgressEvent } from '../progress/events.js';
import {
  COMMON,
  type Complete,
  env,
  flagIn,
  list,
  option,
  optional,
  type OptionsOf,
  receiver,
  record,
  signal,
  toggle,
} from './schema.js';
import {
  duration,
  hostAddress,
  listOf,
  matching,
  nonEmptyText,
  port,
  shape,
  text,
} from './values.js';

/** A file or directory of a builder's file system. */
export interface Artifact {
  /** Its path in the builder. */
  readonly path: string;
  /** Where it goes in the context; `.` is the root. @default the path's last component */
  readonly dest?: string | undefined;
}

const builder = flagIn('Builder');

const mount = matching('SOURCE:TARGET', /^[^:].*:./);
const variable = matching('KEY=VALUE', /^[^=]+=/);

/** The schema of {@link BuilderOptions}. */
export const BUILDER = {
  /**
   * Contexts that are built as builders and run: directories, tar files, `-` for standard input. The output of
   * each is the context of the next one, to which that one's own files are added. @default none
   */
  from: list(
    nonEmptyText,
    builder(
      '--from DIR ...',
      'build DIR as the builder, run it, use its output; - is stdin',
      COMMON,
    ),
  ),
  /** An image to run, before those of `from`. @default none */
  fromImage: optional(
    nonEmptyText,
    builder('--from-image REF', 'run the image REF and use its output'),
  ),
  /** Paths to copy from the last builder instead of reading its output; it has to exit with 0. @default its output */
  artifacts: list(
    shape<Artifact>({ path: nonEmptyText, dest: text }, ['path']),
    builder('--artifacts PATH[:DEST] ...', 'copy PATH from the builder after it has ended', COMMON),
  ),
  /** Copy the shared libraries that the artifacts need, too. @default false */
  libs: toggle(builder('--libs', 'also copy the shared libraries that the artifacts need')),
  /** The context will be an image's root: artifacts without a destination stay at their paths. @default false */
  keepPaths: toggle(),
  /** The last builder's command. @default the image's */
  command: optional(listOf(text)),
  /** `SOURCE:TARGET[:OPTIONS]`, each, for every builder. @default none */
  volumes: list(
    mount,
    builder('--volume SOURCE:TARGET ...', 'mount a folder or volume into the builder', {
      values: ['<folder>'],
    }),
  ),
  /** `KEY=VALUE`, each, for every builder. @default none */
  variables: list(variable, builder('--env KEY[=VALUE] ...', 'set a variable in the builder')),
  /** The last builder's user. @default the image's */
  user: optional(text, builder('--user USER', 'run the builder as USER')),
  /** The last builder's working directory. @default the image's */
  workdir: optional(
    text,
    builder('--workdir DIR', "the builder's working directory", { values: [] }),
  ),
  /** The last builder's entry point. @default the image's */
  entrypoint: optional(
    text,
    builder('--entrypoint PROGRAM', 'run PROGRAM; what follows -- is its command'),
  ),
  /** ARGs of the builds of `from`. @default none */
  buildArgs: record(text, builder('--builder-arg KEY[=VALUE] ...', "set an ARG of the builder's")),
  /** The Dockerfile of the last build. @default 'Dockerfile' */
  file: optional(
    text,
    builder('--builder-file PATH', "the builder's Dockerfile in its context", {
      values: ['<file>'],
    }),
  ),
  /** The stage of the last build. @default the last one */
  target: optional(text, builder('--builder-target STAGE', 'the stage that is the builder')),
  /** A name for the last builder's image, which is kept then. @default none */
  tag: optional(
    text,
    builder('--builder-tag NAME', "name the builder's image, and keep it", { values: ['<image>'] }),
  ),
  /** Build every step of the builders without the cache. @default false */
  noCache: toggle(),
  /** Look for newer bases of the builders. @default false */
  pull: toggle(),
  /** The network of RUN in the builders' builds. @default the engine's */
  network: optional(text),
  /** `HOST:IP`, each, for the builders' builds. @default none */
  addHosts: list(hostAddress),
  /** Milliseconds after which a builder is killed. @default never */
  timeout: optional(
    duration,
    builder('--timeout TIME', 'kill the builder after TIME: seconds, or 1h30m'),
  ),
  /** Keep the last builder's container. @default false */
  keep: toggle(builder('--keep-builder', "keep the builder's container")),
  /** A port at which the last builder serves while the image is built; its end isn't awaited. @default none */
  serve: optional(
    port,
    builder('--serve PORT', 'the builder stays up: the build reaches http://builder:PORT/'),
  ),
  /** Milliseconds in which the port has to answer. @default 60,000 */
  serveTimeout: option(
    duration,
    () => 60_000,
    builder('--serve-timeout TIME', 'how long PORT may take to answer (default 60 s)'),
  ),
  /** Names the engine and the credentials: DOCKER_HOST, DOCKER_CONFIG, … @default process.env */
  env,
  /** Receives progress, notices, and the builders' standard error. @default ignored */
  report: receiver<ProgressEvent>(),
  /** Aborts: the builders are killed and removed. @default never */
  signal,
};

/** Builders, and how they are run; as of `docker build` and `docker run`. */
export interface BuilderOptions extends OptionsOf<typeof BUILDER> {}

/** Complete {@link BuilderOptions}. */
export type CompleteBuilder = Complete<typeof BUILDER>;
