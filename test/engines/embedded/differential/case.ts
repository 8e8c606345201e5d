/** A Dockerfile and its context, which two engines are to make the same of. */
import type { Entry } from './entries.js';
import type { Config } from './image.js';

/** What both engines are asked for, beside the context. */
export interface CaseOptions {
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly platforms?: readonly string[];
  /** The Dockerfile's path. @default 'Dockerfile' */
  readonly file?: string;
  readonly buildContexts?: Readonly<Record<string, string>>;
}

/** Where this engine does something else on purpose. */
export interface Difference {
  /** Why that is better. */
  readonly why: string;
  /** It refuses, with this message, what BuildKit builds. */
  readonly refused?: RegExp;
  /** It makes this in place of what BuildKit makes; `undefined` is nothing. */
  readonly files?: Readonly<Record<string, string | undefined>>;
  readonly config?: Config;
}

/** One comparison. */
export interface Case {
  /** A sentence. */
  readonly title: string;
  /** Bytes where it is no UTF-8. */
  readonly dockerfile: string | Buffer;
  /** What the context has beside the Dockerfile. */
  readonly context?: readonly Entry[];
  readonly options?: CaseOptions;
  /** Part of the message that BuildKit refuses it with: then it is refused here too. */
  readonly refused?: string | RegExp;
  readonly differs?: Difference;
}
