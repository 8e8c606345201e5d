/** What findings are looked for in. */
import type { ImageConfig } from '../../image/config.js';
import { DEFAULT_PATH } from '../../elf/script.js';
import type { Entry } from '../entry.js';
import type { Inspection } from '../inspection.js';

/** What an image's configuration says of how it is run. */
export interface Runnable {
  readonly config: Pick<ImageConfig, 'os' | 'architecture' | 'variant' | 'config'>;
}

/** A directory has a .dockerignore that is applied; a stream has options alone. */
export type ContextKind = 'directory' | 'stream';

export interface Subject {
  readonly kind: 'image' | 'context';
  /** Where the context comes from, or the image's was; undefined when that is unknown. */
  readonly context?: ContextKind | undefined;
  readonly root: Entry;
  /** Undefined for a context. */
  readonly image?: Runnable | undefined;
  /** @default none */
  readonly unmappable?: Inspection['unmappable'] | undefined;
}

/** How a container of an image is run, with everything that an engine fills in. */
export interface Run {
  readonly root: Entry;
  /** `ENTRYPOINT` and `CMD`, one behind the other. */
  readonly words: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  /** Directories that commands are looked for in. */
  readonly path: readonly string[];
  readonly workdir: string;
  /** As it is written: `app`, `1000:1000`; empty for root. */
  readonly user: string;
}

export function runOf(root: Entry, { config: { config: told } }: Runnable): Run {
  // Go writes `null` for what isn't there.
  const config = told ?? {};
  const env = new Map(
    (config.Env ?? []).map((text) => {
      const at = text.indexOf('=');
      return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    }),
  );
  return {
    root,
    words: [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])],
    env,
    path: (env.get('PATH')?.split(':') ?? DEFAULT_PATH).filter((folder) => folder.startsWith('/')),
    workdir: config.WorkingDir || '/',
    user: config.User ?? '',
  };
}
