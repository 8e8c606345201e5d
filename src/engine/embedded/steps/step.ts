/** The steps of an evaluated stage: plain data between the Dockerfile and the file system. */
import type {
  CopyInstruction,
  SourceContent,
} from '../../../dockerfile/instructions/instruction.js';

/** One instruction; `config` changes only the configuration. */
export type Step = CopyStep | WorkdirStep | (StepBase & { readonly kind: 'config' });

interface StepBase {
  /** The line of the Dockerfile, from 1; of the `FROM` for an ONBUILD trigger of the base. */
  readonly line: number;
  /** The text for the history: `COPY app /app`. */
  readonly text: string;
}

/** Creates a directory with mode 0755 and the user as owner, unless it exists. */
export interface WorkdirStep extends StepBase {
  readonly kind: 'workdir';
  /** Absolute. */
  readonly path: string;
  /** The current USER, `USER[:GROUP]`, or empty. */
  readonly user: string;
}

/**
 * COPY and ADD. Words are expanded, and undefined if they are not given. The sources are not cleaned; those of ADD may be
 * URLs. The destination is absolute, and a trailing slash is kept.
 */
export interface CopyStep
  extends
    StepBase,
    Pick<CopyInstruction, 'kind' | 'sources' | 'dest' | 'link' | 'parents' | 'exclude' | 'unpack'> {
  /** The name or number of a stage, a build context, an image. */
  readonly from: string | undefined;
  /** Files whose content is in the Dockerfile. */
  readonly heredocs: readonly Omit<SourceContent, 'expand'>[];
  /** `USER[:GROUP]`, names or numbers. */
  readonly chown: string | undefined;
  /** Octal, or symbolic as in chmod(1). */
  readonly chmod: string | undefined;
  /** `sha256:…`, of ADD. */
  readonly checksum: string | undefined;
}
