/** Caches of package managers and compilers. */
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import { finding } from '../catalogue.js';
import { entryRule, type Rule } from '../rule.js';
import type { Subject } from '../subject.js';
import { counted, ignoring, size } from './wording.js';

/** How it is avoided is undefined if it is part of the context. Of the folders above, the nearest is last; `''` is the root. */
type Cache = readonly [of: string, advice: string | undefined, ...above: readonly string[]];

const VAR_CACHE = ['', 'var', 'cache'];
const mount = (path: string): string => `RUN --mount=type=cache,target=${path} keeps it out`;

/** By the folder's name. */
const CACHES: Readonly<Record<string, readonly Cache[]>> = {
  apt: [['apt', 'apt-get clean, in the RUN that installs', ...VAR_CACHE]],
  apk: [
    ['apk', 'apk add --no-cache', ...VAR_CACHE],
    ['apk', 'apk add --no-cache', '', 'etc', 'apk', 'cache'],
  ],
  dnf: [['dnf', 'dnf clean all, in the RUN that installs', ...VAR_CACHE]],
  libdnf5: [['dnf', 'dnf clean all, in the RUN that installs', ...VAR_CACHE]],
  yum: [['yum', 'yum clean all, in the RUN that installs', ...VAR_CACHE]],
  zypp: [['zypper', 'zypper clean --all, in the RUN that installs', ...VAR_CACHE]],
  pkg: [['pacman', 'pacman -Scc, in the RUN that installs', ...VAR_CACHE, 'pacman']],
  pip: [['pip', 'pip install --no-cache-dir', '.cache']],
  uv: [['uv', 'UV_NO_CACHE=1, or uv sync --no-cache', '.cache']],
  pypoetry: [['poetry', mount('/root/.cache/pypoetry'), '.cache']],
  pipenv: [['pipenv', mount('/root/.cache/pipenv'), '.cache']],
  _cacache: [['npm', 'npm cache clean --force, or RUN --mount=type=cache,target=/root/.npm']],
  yarn: [
    ['yarn', 'yarn cache clean, in the RUN that installs', '.cache'],
    ['yarn', 'yarn cache clean, in the RUN that installs', 'share', '.cache'],
  ],
  '.pnpm-store': [['pnpm', mount('/root/.pnpm-store')]],
  'node-gyp': [['node-gyp', 'rm -rf ~/.cache/node-gyp, in the RUN that installs', '.cache']],
  'go-build': [['Go', mount('/root/.cache/go-build'), '.cache']],
  cache: [
    ['Go', mount('/go/pkg/mod'), 'pkg', 'mod'],
    ['Next.js', mount('.next/cache'), '.next'],
  ],
  registry: [
    ['cargo', mount('/usr/local/cargo/registry'), '.cargo'],
    ['cargo', mount('/usr/local/cargo/registry'), 'cargo'],
  ],
  repository: [['Maven', mount('/root/.m2'), '.m2']],
  caches: [['Gradle', mount('/root/.gradle'), '.gradle']],
  composer: [['composer', 'composer install --no-cache', '.cache']],
  ccache: [['ccache', mount('/root/.cache/ccache'), '.cache']],
  sccache: [['sccache', mount('/root/.cache/sccache'), '.cache']],
  bazel: [['Bazel', mount('/root/.cache/bazel'), '.cache']],
  '.mypy_cache': [['mypy', undefined]],
  '.pytest_cache': [['pytest', undefined]],
  '.ruff_cache': [['ruff', undefined]],
  '.parcel-cache': [['Parcel', undefined]],
};

const LISTS = '/var/lib/apt/lists';

export function caches(subject: Subject): Rule {
  return entryRule((entry) => {
    if (entry.kind !== 'directory' || entry.total === 0) return undefined;
    const { name, path } = entry;
    if (path === LISTS) {
      const message = `${LISTS} has apt’s lists of packages: ${contents(entry)}`;
      const advice = `rm -rf ${LISTS}/*, in the RUN that does apt-get update`;
      return finding('package-lists', path, message, advice);
    }
    if (!Object.hasOwn(CACHES, name)) return undefined;
    const known = CACHES[name]?.find(([, , ...above]) => isBelow(entry, above));
    if (known === undefined) return undefined;
    const message = `${printable(path)} is a cache of ${known[0]}: ${contents(entry)}`;
    return finding('package-cache', path, message, known[1] ?? ignoring(subject, name));
  });
}

function isBelow(entry: Entry, names: readonly string[]): boolean {
  let folder = entry.parent;
  for (const name of names.toReversed()) {
    if (folder?.name !== name) return false;
    folder = folder.parent;
  }
  return true;
}

function contents({ files, total }: Entry): string {
  return `${counted(files, 'a file', 'files')} ${size(total)}`;
}
