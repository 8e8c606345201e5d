/** What rules check. */
import { DEFAULT_PATH } from '../../elf/script.js';
import type { ImageConfig } from '../../image/config.js';
import type { Entry } from '../entry.js';
import type { Inspection } from '../inspection.js';
import { type Account, accountOf, type UnknownName } from './start/accounts.js';

/** The part of an image that describes how it is run. */
export interface Runnable {
  readonly config: Pick<ImageConfig, 'os' | 'architecture' | 'variant' | 'config'>;
}

/** The source of a context. A .dockerignore is applied to a directory, but not to a stream. */
export type ContextKind = 'directory' | 'stream';

export interface Subject {
  readonly kind: 'image' | 'context';
  /** The source of the context, or of the image's; undefined if unknown. */
  readonly context?: ContextKind | undefined;
  readonly root: Entry;
  /** Undefined for a context. */
  readonly image?: Runnable | undefined;
  /** @default none */
  readonly unmappable?: Inspection['unmappable'] | undefined;
}

/** How a container of an image is run, with the defaults of engines. */
export interface Run {
  readonly root: Entry;
  /** `ENTRYPOINT` followed by `CMD`. */
  readonly command: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  /** The directories of PATH. */
  readonly path: readonly string[];
  readonly workdir: string;
  /** `app`, `1000:1000`; empty for root. */
  readonly user: string;
  /** Undefined if the user is unknown. */
  readonly account?: Account | undefined;
  readonly unknownName?: UnknownName | undefined;
  /** `amd64` */
  readonly architecture: string;
}

export function runOf(root: Entry, { config: { config: given, architecture } }: Runnable): Run {
  // Go writes `null` for a missing object.
  const config = given ?? {};
  const user = config.User ?? '';
  const env = new Map(
    (config.Env ?? []).map((text) => {
      const at = text.indexOf('=');
      return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    }),
  );
  return {
    root,
    command: [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])],
    env,
    path: (env.get('PATH') ?? DEFAULT_PATH).split(':').filter((folder) => folder.startsWith('/')),
    workdir: config.WorkingDir || '/',
    user,
    ...accountOf(root, user),
    architecture,
  };
}
