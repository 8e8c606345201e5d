/** The configuration and variables of a stage while its instructions are evaluated. */
import { posix } from 'node:path';
import type { Variables } from '../../../dockerfile/syntax/shell.js';
import { CONTAINER_MEMBERS, type ContainerConfig } from '../../../image/config.js';
import { compareBytes } from '../../../text/go.js';

/** The PATH of images without one. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The base of a stage: an image, or an evaluated stage. */
export interface StageBase {
  readonly config?: ContainerConfig | undefined;
  readonly author?: string | undefined;
  /** The variables of a stage, including its ARGs. */
  readonly variables?: Variables;
  /** The names of a stage's ARGs, also of those without a value. */
  readonly args?: ReadonlySet<string>;
}

export class StageState {
  author: string | undefined;
  /** Whether this stage, not its base, has a CMD, which an ENTRYPOINT then keeps. */
  hasCmd = false;
  /** The members that instructions replace; the others are below. */
  readonly members: { -readonly [Name in keyof ContainerConfig]: ContainerConfig[Name] };
  readonly labels: Map<string, string>;
  readonly ports: Set<string>;
  readonly volumes: Set<string>;
  /** The values of ENV and ARG, whichever was set last, in the order in which they were set last. */
  readonly variables: Map<string, string>;
  readonly args: Set<string>;
  readonly #env: Map<string, string>;

  constructor(base: StageBase | undefined) {
    this.members = base === undefined ? { WorkingDir: '/' } : { ...base.config };
    const { Env, Labels, ExposedPorts, Volumes } = this.members;
    this.author = base?.author;
    this.#env = new Map((Env ?? []).map(splitVariable));
    if (!this.#env.has('PATH')) this.#env.set('PATH', DEFAULT_PATH);
    this.labels = new Map(Object.entries(Labels ?? {}));
    this.ports = new Set(Object.keys(ExposedPorts ?? {}));
    this.volumes = new Set(Object.keys(Volumes ?? {}));
    this.variables = new Map(base?.variables);
    for (const [key, value] of this.#env) this.setVariable(key, value);
    this.args = new Set(base?.args);
  }

  get workingDir(): string {
    return this.members.WorkingDir ?? '';
  }

  /** Returns the ONBUILD triggers of the base, and removes them. */
  takeTriggers(): readonly string[] {
    const { OnBuild } = this.members;
    delete this.members.OnBuild;
    return OnBuild ?? [];
  }

  setEnv(key: string, value: string): void {
    this.#env.set(key, value);
    this.setVariable(key, value);
  }

  setVariable(key: string, value: string): void {
    this.variables.delete(key);
    this.variables.set(key, value);
  }

  /** A destination of COPY: absolute, dots resolved before links. A trailing slash or dot (a directory) is kept. */
  resolve(path: string): string {
    const joined = posix.resolve('/', this.workingDir, path);
    if (joined === '/') return path.endsWith('/.') ? '/.' : '/';
    if (path === '' || path === '.' || path.endsWith('/')) return `${joined}/`;
    return path.endsWith('/.') ? `${joined}/.` : joined;
  }

  /** The members in the order of Go's structure, maps sorted by key, empty members omitted. */
  config(): ContainerConfig {
    const members: ContainerConfig = {
      ...this.members,
      ExposedPorts: keys(this.ports),
      Env: [...this.#env].map(([key, value]) => `${key}=${value}`),
      Volumes: keys(this.volumes),
      Labels: byKey(this.labels),
    };
    return Object.fromEntries(
      CONTAINER_MEMBERS.map((name) => [name, members[name]] as const).filter(([name, value]) =>
        name === 'Healthcheck' ? value !== undefined : !isEmpty(value),
      ),
    );
  }
}

function isEmpty(value: ContainerConfig[keyof ContainerConfig] | null): boolean {
  return !value || (typeof value === 'object' && Object.keys(value).length === 0);
}

function splitVariable(text: string): [string, string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}

function keys(set: ReadonlySet<string>): Record<string, object> {
  return byKey([...set].map((key) => [key, {}]));
}

/** Sorts by bytes, as Go does. */
function byKey<T>(pairs: Iterable<readonly [string, T]>): Record<string, T> {
  return Object.fromEntries([...pairs].sort(([a], [b]) => compareBytes(a, b)));
}
