/**
 * The instructions of a Dockerfile, read but not expanded: `$x` is still `$x`. One type for each,
 * told apart by `kind` (docs.docker.com/reference/dockerfile).
 */
import type { Pair } from '../syntax/statement.js';

export type { Pair } from '../syntax/statement.js';

/** What every instruction has. */
export interface InstructionBase {
  /** Where it starts in the file, from 1. */
  readonly line: number;
  /** Where it ends, its heredocs included. */
  readonly endLine: number;
  /** As it stands in the file, continuations joined, heredocs left out. */
  readonly original: string;
}

/** A file whose content stands in the Dockerfile. */
export interface SourceContent {
  readonly name: string;
  readonly content: Buffer;
  /** Whether variables in it are expanded. */
  readonly expand: boolean;
}

/** A command: words, or a text for the SHELL. */
export interface Command {
  readonly args: readonly string[];
  readonly shell: boolean;
}

interface EnvInstruction extends InstructionBase {
  readonly kind: 'env';
  readonly pairs: readonly Pair[];
}

interface LabelInstruction extends InstructionBase {
  readonly kind: 'label';
  readonly pairs: readonly Pair[];
}

export interface ArgInstruction extends InstructionBase {
  readonly kind: 'arg';
  readonly args: readonly { readonly key: string; readonly value: string | undefined }[];
}

/** COPY and ADD. */
export interface CopyInstruction extends InstructionBase {
  readonly kind: 'copy' | 'add';
  readonly sources: readonly string[];
  readonly contents: readonly SourceContent[];
  readonly dest: string;
  /** Empty when it isn't given, as all texts here. */
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

interface RunInstruction extends InstructionBase {
  readonly kind: 'run';
  readonly command: Command;
}

interface CommandInstruction extends InstructionBase {
  readonly kind: 'cmd' | 'entrypoint';
  readonly command: Command;
}

interface WorkdirInstruction extends InstructionBase {
  readonly kind: 'workdir';
  readonly path: string;
}

interface UserInstruction extends InstructionBase {
  readonly kind: 'user';
  readonly user: string;
}

interface VolumeInstruction extends InstructionBase {
  readonly kind: 'volume';
  readonly paths: readonly string[];
}

interface ExposeInstruction extends InstructionBase {
  readonly kind: 'expose';
  /** Sorted, as BuildKit has them. */
  readonly ports: readonly string[];
}

interface ShellInstruction extends InstructionBase {
  readonly kind: 'shell';
  readonly shell: readonly string[];
}

interface StopSignalInstruction extends InstructionBase {
  readonly kind: 'stopsignal';
  readonly signal: string;
}

/** Durations are nanoseconds, 0 when they aren't given. */
export interface HealthcheckInstruction extends InstructionBase {
  readonly kind: 'healthcheck';
  readonly test: readonly string[];
  readonly interval: number;
  readonly timeout: number;
  readonly startPeriod: number;
  readonly startInterval: number;
  readonly retries: number;
}

interface OnbuildInstruction extends InstructionBase {
  readonly kind: 'onbuild';
  /** The instruction, with its heredocs. */
  readonly trigger: string;
}

interface MaintainerInstruction extends InstructionBase {
  readonly kind: 'maintainer';
  readonly maintainer: string;
}

/** Everything that can stand in a stage. */
export type Instruction =
  | EnvInstruction
  | LabelInstruction
  | ArgInstruction
  | CopyInstruction
  | RunInstruction
  | CommandInstruction
  | WorkdirInstruction
  | UserInstruction
  | VolumeInstruction
  | ExposeInstruction
  | ShellInstruction
  | StopSignalInstruction
  | HealthcheckInstruction
  | OnbuildInstruction
  | MaintainerInstruction;

/** FROM, and what follows it. */
export interface Stage {
  /** From 0. */
  readonly index: number;
  /** Lower case; `undefined` without AS. */
  readonly name: string | undefined;
  /** As it stands: `$BASE`. */
  readonly base: string;
  /** As it stands: `$BUILDPLATFORM`. */
  readonly platform: string | undefined;
  readonly line: number;
  readonly original: string;
  readonly instructions: readonly Instruction[];
}

/** A Dockerfile, read. */
export interface Dockerfile {
  /** What messages call it. */
  readonly name: string;
  /** The character that escapes: `\` or a backtick. */
  readonly escape: string;
  /** The ARGs before the first FROM. */
  readonly metaArgs: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
}
