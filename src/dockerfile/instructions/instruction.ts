/** The instructions of a Dockerfile, parsed but not expanded (docs.docker.com/reference/dockerfile). */
import type { Pair } from '../syntax/statement.js';

export interface InstructionBase {
  /** The first line, from 1. */
  readonly line: number;
  /** The last line, heredocs included. */
  readonly endLine: number;
  /** The text with continuations joined, without heredocs. */
  readonly original: string;
}

/** A file whose content is a heredoc. */
export interface SourceContent {
  readonly name: string;
  readonly content: Buffer;
  /** Whether its variables are expanded. */
  readonly expand: boolean;
}

/** Words, or one text for the SHELL. */
interface Command {
  readonly args: readonly string[];
  readonly shell: boolean;
}

export interface ArgInstruction extends InstructionBase {
  readonly kind: 'arg';
  readonly args: readonly { readonly key: string; readonly value: string | undefined }[];
}

/** COPY and ADD. Texts are empty if they are not given. */
export interface CopyInstruction extends InstructionBase {
  readonly kind: 'copy' | 'add';
  readonly sources: readonly string[];
  readonly contents: readonly SourceContent[];
  readonly dest: string;
  readonly from: string;
  readonly chown: string;
  readonly chmod: string;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
  readonly checksum: string;
  readonly keepGitDir: boolean;
  readonly unpack: boolean | undefined;
}

export interface CommandInstruction extends InstructionBase {
  readonly kind: 'run' | 'cmd' | 'entrypoint';
  readonly command: Command;
}

/** Durations are nanoseconds, 0 if they are not given. */
export interface HealthcheckInstruction extends InstructionBase {
  readonly kind: 'healthcheck';
  readonly test: readonly string[];
  readonly interval: number;
  readonly timeout: number;
  readonly startPeriod: number;
  readonly startInterval: number;
  readonly retries: number;
}

export type Instruction =
  | ArgInstruction
  | CopyInstruction
  | CommandInstruction
  | HealthcheckInstruction
  | (InstructionBase & { readonly kind: 'env' | 'label'; readonly pairs: readonly Pair[] })
  | (InstructionBase & { readonly kind: 'workdir'; readonly path: string })
  | (InstructionBase & { readonly kind: 'user'; readonly user: string })
  | (InstructionBase & { readonly kind: 'volume'; readonly paths: readonly string[] })
  /** Ports are sorted, as in BuildKit. */
  | (InstructionBase & { readonly kind: 'expose'; readonly ports: readonly string[] })
  | (InstructionBase & { readonly kind: 'shell'; readonly shell: readonly string[] })
  | (InstructionBase & { readonly kind: 'stopsignal'; readonly signal: string })
  /** The trigger includes its heredocs. */
  | (InstructionBase & { readonly kind: 'onbuild'; readonly trigger: string })
  | (InstructionBase & { readonly kind: 'maintainer'; readonly maintainer: string });

/** FROM and the instructions up to the next. */
export interface Stage {
  /** From 0. */
  readonly index: number;
  /** Lower case; `undefined` without AS. */
  readonly name: string | undefined;
  /** Not expanded: `$BASE`. */
  readonly base: string;
  /** Not expanded: `$BUILDPLATFORM`. */
  readonly platform: string | undefined;
  readonly line: number;
  readonly original: string;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** The name for messages. */
  readonly name: string;
  /** The character that escapes: `\` or a backtick. */
  readonly escape: string;
  /** The directive `# check`, if any. */
  readonly check: { readonly value: string; readonly line: number } | undefined;
  /** The ARGs before the first FROM. */
  readonly metaArgs: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
}
