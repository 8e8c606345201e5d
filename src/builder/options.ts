/** What a builder is made from, and what is taken from it. */
import type { OptionTable } from '../options/check.js';
import {
  abortSignal,
  callback,
  duration,
  environment,
  flag,
  hostAddress,
  is,
  listOf,
  nonEmptyText,
  port,
  recordOf,
  shape,
  text,
} from '../options/values.js';
import type { Report } from '../progress/events.js';

/** Something of a builder's file system. */
export interface Artifact {
  /** Its path in the builder. */
  readonly path: string;
  /** Where it goes in the context; `.` is the root. @default the path's last component */
  readonly dest?: string | undefined;
}

/** Builders, and how they are run; as `docker build` and `docker run` have it. */
export interface BuilderOptions {
  /**
   * Contexts that are built as builders and run: directories, tar files, `-` for standard input. The output of
   * each is the context of the next one, to which that one's own files are added. @default none
   */
  readonly from?: readonly string[];
  /** An image to run, in front of those of `from`. @default none */
  readonly fromImage?: string;
  /** Taken out of the last builder when it has exited with 0, in place of its output. @default its output */
  readonly artifacts?: readonly Artifact[];
  /** Take the shared libraries that the artifacts need, too. @default false */
  readonly libs?: boolean;
  /** The context will be an image's root: artifacts without a destination stay at their paths. @default false */
  readonly keepPaths?: boolean;
  /** The last builder's command. @default the image's */
  readonly command?: readonly string[];
  /** `SOURCE:TARGET[:OPTIONS]`, each, for every builder. @default none */
  readonly volumes?: readonly string[];
  /** `KEY=VALUE`, each, for every builder. @default none */
  readonly variables?: readonly string[];
  /** The last builder's user. @default the image's */
  readonly user?: string;
  /** The last builder's working directory. @default the image's */
  readonly workdir?: string;
  /** The last builder's entry point. @default the image's */
  readonly entrypoint?: string;
  /** ARGs of the builds of `from`. @default none */
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** The Dockerfile of the last build. @default 'Dockerfile' */
  readonly file?: string;
  /** The stage of the last build. @default the last one */
  readonly target?: string;
  /** A name for the last builder's image, which is kept then. @default none */
  readonly tag?: string;
  /** Build every step of the builders anew. @default false */
  readonly noCache?: boolean;
  /** Look for newer bases of the builders. @default false */
  readonly pull?: boolean;
  /** The network of RUN in the builders' builds. @default the engine's */
  readonly network?: string;
  /** `HOST:IP`, each, for the builders' builds. @default none */
  readonly addHosts?: readonly string[];
  /** Milliseconds after which a builder is killed. @default never */
  readonly timeout?: number;
  /** Keep the last builder's container. @default false */
  readonly keep?: boolean;
  /** A port at which the last builder serves while the image is built; it isn't waited for. @default none */
  readonly serve?: number;
  /** Milliseconds in which the port has to answer. @default 60,000 */
  readonly serveTimeout?: number;
  /** Names the engine and the credentials: DOCKER_HOST, DOCKER_CONFIG, … @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Takes progress, notices, and what the builders write to standard error. @default nobody */
  readonly report?: Report;
  /** Aborts: the builders are killed and removed. @default never */
  readonly signal?: AbortSignal;
}

/** The checks of {@link BuilderOptions}. */
export const BUILDER_OPTIONS: OptionTable<BuilderOptions> = {
  from: listOf(nonEmptyText),
  fromImage: nonEmptyText,
  artifacts: listOf(shape<Artifact>({ path: nonEmptyText, dest: text }, ['path'])),
  libs: flag,
  keepPaths: flag,
  command: listOf(text),
  volumes: listOf(
    is('SOURCE:TARGET', (value) => typeof value === 'string' && /^[^:].*:./.test(value)),
  ),
  variables: listOf(is('KEY=VALUE', (value) => typeof value === 'string' && /^[^=]+=/.test(value))),
  user: text,
  workdir: text,
  entrypoint: text,
  buildArgs: recordOf(text),
  file: text,
  target: text,
  tag: text,
  noCache: flag,
  pull: flag,
  network: text,
  addHosts: listOf(hostAddress),
  timeout: duration,
  keep: flag,
  serve: port,
  serveTimeout: duration,
  env: environment,
  report: callback,
  signal: abortSignal,
};
