/** The steps of an evaluated stage: plain data between the Dockerfile and the file system. */
/** One instruction. */
export type Step = CopyStep | WorkdirStep | ConfigStep;

interface StepBase {
  /** The line of the Dockerfile, from 1; of the `FROM` for an ONBUILD trigger of the base. */
  readonly line: number;
  /** The text for the history: `COPY app /app`. */
  readonly text: string;
}

/** A step that changes only the configuration. */
interface ConfigStep extends StepBase {
  readonly kind: 'config';
}

/** Creates a directory with mode 0755 and the user as owner, unless it exists. */
export interface WorkdirStep extends StepBase {
  readonly kind: 'workdir';
  /** Absolute. */
  readonly path: string;
  /** The current USER, `USER[:GROUP]`, or empty. */
  readonly user: string;
}

/** COPY and ADD. */
export interface CopyStep extends StepBase {
  readonly kind: 'copy' | 'add';
  /** The expanded value of `--from`: the name or number of a stage, a build context, an image. */
  readonly from: string | undefined;
  /** Expanded, not cleaned. Those of ADD may be URLs. */
  readonly sources: readonly string[];
  /** Files whose content is in the Dockerfile. */
  readonly heredocs: readonly HeredocFile[];
  /** Absolute: joined to the WORKDIR. A trailing slash is kept. */
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
  /** Whether ADD unpacks archives; `undefined` for the default: only local ones. */
  readonly unpack: boolean | undefined;
}

interface HeredocFile {
  /** The word after `<<`. */
  readonly name: string;
  readonly content: Buffer;
}
