/** The configuration and variables of a stage while its instructions are evaluated. */
import { posix } from 'node:path';
import type { Variables } from '../../../dockerfile/syntax/shell.js';
import type { ContainerConfig, Healthcheck } from '../../../image/config.js';
import { compareBytes } from '../../../text/go.js';

/** The PATH of images without one. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The base of a stage: an image, or an evaluated stage. */
export interface StageBase {
  readonly config?: ContainerConfig | undefined;
  readonly author?: string | undefined;
  /** The variables of a stage, including its ARGs. */
  readonly variables?: Variables;
}

export class StageState {
  author: string | undefined;
  user: string;
  workingDir: string;
  entrypoint: readonly string[];
  cmd: readonly string[];
  /** Whether this stage, not its base, has a CMD, which an ENTRYPOINT then keeps. */
  hasCmd = false;
  argsEscaped: boolean;
  stopSignal: string;
  shell: readonly string[];
  healthcheck: Healthcheck | undefined;
  /** The values of ENV and ARG, whichever was set last. */
  readonly variables: Map<string, string>;
  private readonly env: Map<string, string>;
  private readonly labels: Map<string, string>;
  private readonly ports: Set<string>;
  private readonly volumes: Set<string>;
  private triggers: readonly string[];

  constructor(base: StageBase | undefined) {
    const config = base === undefined ? { WorkingDir: '/' } : (base.config ?? {});
    const { Env, Labels, ExposedPorts, Volumes }: ContainerConfig = config;
    this.author = base?.author;
    this.user = config.User ?? '';
    this.workingDir = config.WorkingDir ?? '';
    this.entrypoint = config.Entrypoint ?? [];
    this.cmd = config.Cmd ?? [];
    this.argsEscaped = config.ArgsEscaped ?? false;
    this.stopSignal = config.StopSignal ?? '';
    this.shell = config.Shell ?? [];
    this.healthcheck = config.Healthcheck;
    this.triggers = config.OnBuild ?? [];
    this.env = new Map((Env ?? []).map(splitVariable));
    if (!this.env.has('PATH')) this.env.set('PATH', DEFAULT_PATH);
    this.labels = new Map(Object.entries(Labels ?? {}));
    this.ports = new Set(Object.keys(ExposedPorts ?? {}));
    this.volumes = new Set(Object.keys(Volumes ?? {}));
    this.variables = new Map([...(base?.variables ?? []), ...this.env]);
  }

  /** Returns the ONBUILD triggers of the base, and removes them. */
  takeTriggers(): readonly string[] {
    const taken = this.triggers;
    this.triggers = [];
    return taken;
  }

  addTrigger(trigger: string): void {
    this.triggers = [...this.triggers, trigger];
  }

  setEnv(key: string, value: string): void {
    this.env.set(key, value);
    this.variables.set(key, value);
  }

  addLabels(labels: Iterable<readonly [string, string]>): this {
    for (const [key, value] of labels) this.labels.set(key, value);
    return this;
  }

  addPorts(ports: readonly string[]): void {
    for (const port of ports) this.ports.add(port);
  }

  addVolumes(paths: readonly string[]): void {
    for (const path of paths) this.volumes.add(path);
  }

  /** The shell that runs a command in shell form. */
  shellWords(): readonly string[] {
    return this.shell.length > 0 ? this.shell : ['/bin/sh', '-c'];
  }

  /** A destination of COPY: absolute, dots resolved before links. A trailing slash or dot (a directory) is kept. */
  resolve(path: string): string {
    const from = path.startsWith('/') ? '/' : this.workingDir;
    const joined = posix.join('/', from, path).replace(/(?<=.)\/$/, '');
    if (joined === '/') return path.endsWith('/.') ? '/.' : '/';
    if (path === '' || path === '.' || path.endsWith('/')) return `${joined}/`;
    return path.endsWith('/.') ? `${joined}/.` : joined;
  }

  /** The members in the order of Go's structure, maps sorted by key, empty members omitted. */
  config(): ContainerConfig {
    return {
      ...(this.user !== '' && { User: this.user }),
      ...(this.ports.size > 0 && { ExposedPorts: keys(this.ports) }),
      ...(this.env.size > 0 && { Env: [...this.env].map(([key, value]) => `${key}=${value}`) }),
      ...(this.entrypoint.length > 0 && { Entrypoint: this.entrypoint }),
      ...(this.cmd.length > 0 && { Cmd: this.cmd }),
      ...(this.volumes.size > 0 && { Volumes: keys(this.volumes) }),
      ...(this.workingDir !== '' && { WorkingDir: this.workingDir }),
      ...(this.labels.size > 0 && { Labels: Object.fromEntries(byKey(this.labels)) }),
      ...(this.stopSignal !== '' && { StopSignal: this.stopSignal }),
      ...(this.argsEscaped && { ArgsEscaped: true }),
      ...(this.healthcheck !== undefined && { Healthcheck: this.healthcheck }),
      ...(this.triggers.length > 0 && { OnBuild: this.triggers }),
      ...(this.shell.length > 0 && { Shell: this.shell }),
    };
  }
}

function splitVariable(text: string): [string, string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}

function keys(set: ReadonlySet<string>): Record<string, object> {
  return Object.fromEntries(byKey(new Map([...set].map((key) => [key, {}]))));
}

/** Sorts by bytes, as Go does. */
function byKey<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => compareBytes(a, b));
}
