/** Caches of package managers and compilers. */
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import { finding } from '../catalogue.js';
import { entryRule, type Rule } from '../rule.js';
import type { Subject } from '../subject.js';
import { counted, ignoring, size } from './wording.js';

interface Cache {
  /** The program. */
  readonly of: string;
  /** How it is avoided; undefined if it is part of the context. */
  readonly advice: string | undefined;
  /** Names of the folders above it, the nearest last; `''` is the root. */
  readonly below: readonly string[];
}

const cache = (of: string, advice?: string, ...below: readonly string[]): Cache => ({
  of,
  advice,
  below,
});
const VAR_CACHE = ['', 'var', 'cache'];
const mount = (path: string): string => `RUN --mount=type=cache,target=${path} keeps it out`;

/** By the folder's name. */
const CACHES: Readonly<Record<string, readonly Cache[]>> = {
  apt: [cache('apt', 'apt-get clean, in the RUN that installs', ...VAR_CACHE)],
  apk: [
    cache('apk', 'apk add --no-cache', ...VAR_CACHE),
    cache('apk', 'apk add --no-cache', '', 'etc', 'apk', 'cache'),
  ],
  dnf: [cache('dnf', 'dnf clean all, in the RUN that installs', ...VAR_CACHE)],
  libdnf5: [cache('dnf', 'dnf clean all, in the RUN that installs', ...VAR_CACHE)],
  yum: [cache('yum', 'yum clean all, in the RUN that installs', ...VAR_CACHE)],
  zypp: [cache('zypper', 'zypper clean --all, in the RUN that installs', ...VAR_CACHE)],
  pkg: [cache('pacman', 'pacman -Scc, in the RUN that installs', ...VAR_CACHE, 'pacman')],
  pip: [cache('pip', 'pip install --no-cache-dir', '.cache')],
  uv: [cache('uv', 'UV_NO_CACHE=1, or uv sync --no-cache', '.cache')],
  pypoetry: [cache('poetry', mount('/root/.cache/pypoetry'), '.cache')],
  pipenv: [cache('pipenv', mount('/root/.cache/pipenv'), '.cache')],
  _cacache: [cache('npm', 'npm cache clean --force, or RUN --mount=type=cache,target=/root/.npm')],
  yarn: [
    cache('yarn', 'yarn cache clean, in the RUN that installs', '.cache'),
    cache('yarn', 'yarn cache clean, in the RUN that installs', 'share', '.cache'),
  ],
  '.pnpm-store': [cache('pnpm', mount('/root/.pnpm-store'))],
  'node-gyp': [cache('node-gyp', 'rm -rf ~/.cache/node-gyp, in the RUN that installs', '.cache')],
  'go-build': [cache('Go', mount('/root/.cache/go-build'), '.cache')],
  cache: [
    cache('Go', mount('/go/pkg/mod'), 'pkg', 'mod'),
    cache('Next.js', mount('.next/cache'), '.next'),
  ],
  registry: [
    cache('cargo', mount('/usr/local/cargo/registry'), '.cargo'),
    cache('cargo', mount('/usr/local/cargo/registry'), 'cargo'),
  ],
  repository: [cache('Maven', mount('/root/.m2'), '.m2')],
  caches: [cache('Gradle', mount('/root/.gradle'), '.gradle')],
  composer: [cache('composer', 'composer install --no-cache', '.cache')],
  ccache: [cache('ccache', mount('/root/.cache/ccache'), '.cache')],
  sccache: [cache('sccache', mount('/root/.cache/sccache'), '.cache')],
  bazel: [cache('Bazel', mount('/root/.cache/bazel'), '.cache')],
  '.mypy_cache': [cache('mypy')],
  '.pytest_cache': [cache('pytest')],
  '.ruff_cache': [cache('ruff')],
  '.parcel-cache': [cache('Parcel')],
};

const LISTS = '/var/lib/apt/lists';

export function caches(subject: Subject): Rule {
  return entryRule((entry) => {
    const { kind, name, path, total } = entry;
    if (kind !== 'directory' || total === 0) return undefined;
    if (path === LISTS) {
      const message = `${LISTS} has apt’s lists of packages: ${contents(entry)}`;
      const advice = `rm -rf ${LISTS}/*, in the RUN that does apt-get update`;
      return finding('package-lists', path, message, advice);
    }
    if (!Object.hasOwn(CACHES, name)) return undefined;
    const known = CACHES[name]?.find(({ below }) => isBelow(entry, below));
    if (known === undefined) return undefined;
    const message = `${printable(path)} is a cache of ${known.of}: ${contents(entry)}`;
    return finding('package-cache', path, message, known.advice ?? ignoring(subject, name));
  });
}

function isBelow(entry: Entry, names: readonly string[]): boolean {
  let folder = entry.parent;
  for (const name of [...names].reverse()) {
    if (folder?.name !== name) return false;
    folder = folder.parent;
  }
  return true;
}

function contents({ files, total }: Entry): string {
  return `${counted(files, 'a file', 'files')} ${size(total)}`;
}
