/**
 * What a stage does, once its words are expanded: changes of the file system in their order, and
 * the history that tells of them. Plain data between the Dockerfile's meaning and the file system.
 */
import type { ContainerConfig } from '../../../image/config.js';

/** A stage, evaluated upon its base. */
export interface EvaluatedStage {
  /** The configuration at its end. */
  readonly config: ContainerConfig;
  readonly author: string | undefined;
  readonly steps: readonly Step[];
}

/** One instruction. */
export type Step = CopyStep | WorkdirStep | ConfigStep;

/** What every step has. */
interface StepBase {
  /** The line of the Dockerfile, from 1; of the `FROM` for an ONBUILD trigger of the base. */
  readonly line: number;
  /** As the history has it: `COPY app /app`. */
  readonly text: string;
}

/** A change of the configuration alone. */
interface ConfigStep extends StepBase {
  readonly kind: 'config';
}

/** The folder has to be there; what is made of it is 0755 and the user's. */
export interface WorkdirStep extends StepBase {
  readonly kind: 'workdir';
  /** Absolute. */
  readonly path: string;
  /** The USER in force, `USER[:GROUP]`; empty when there is none. */
  readonly user: string;
}

/** COPY and ADD. */
export interface CopyStep extends StepBase {
  readonly kind: 'copy' | 'add';
  /** Expanded, as `--from` tells it: a stage's name or number, a build context, an image. */
  readonly from: string | undefined;
  /** Expanded; of ADD, URLs among them. Not cleaned. */
  readonly sources: readonly string[];
  /** Files whose content stands in the Dockerfile. */
  readonly heredocs: readonly HeredocFile[];
  /** Absolute: joined to the WORKDIR; a slash at its end is kept. */
  readonly dest: string;
  /** `USER[:GROUP]`, names or numbers, expanded. */
  readonly chown: string | undefined;
  /** Octal, or symbolic as in chmod(1), expanded. */
  readonly chmod: string | undefined;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
  /** `sha256:…`, of ADD. */
  readonly checksum: string | undefined;
  /** Of ADD: whether archives are unpacked; `undefined` is the default: local ones are, remote ones aren't. */
  readonly unpack: boolean | undefined;
}

/** A file made from a heredoc. */
interface HeredocFile {
  /** Its name: the word behind `<<`. */
  readonly name: string;
  readonly content: Buffer;
}
