/**
 * Any small file systems, and instructions that copy from one to the other. Few names, so that
 * what is copied meets what is there: links on the way, folders over folders, files over files.
 */
import fc from 'fast-check';
import {
  type Attributes,
  dir,
  type Entry,
  fifo,
  file,
  hardLink,
  symlink,
  tarOf,
} from './entries.js';

/** A Dockerfile with its context. */
export interface RandomBuild {
  readonly dockerfile: string;
  readonly context: readonly Entry[];
  /** As a failing run shows it. */
  [fc.toStringMethod](): string;
}

interface Planned {
  readonly path: readonly string[];
  readonly kind: 'dir' | 'file' | 'symlink' | 'hard-link' | 'fifo';
  readonly target: string;
  readonly attributes: Attributes;
}

interface Copied {
  readonly keyword: 'COPY' | 'ADD' | 'COPY --from=two';
  readonly flags: readonly string[];
  /** Which of what is there, and what stands behind it; or a text of its own. */
  readonly source: readonly [number, string] | string;
  readonly dest: readonly [number, string] | string;
}

// Many, for what is below anything else stays away.
const DIRS = ['dir', 'dir', 'dir', 'dir', 'dir'] as const;

const component = fc.constantFrom('a', 'b', 'c');

// Directories with the set-group-ID bit are among the cases of the reference.
const attributes: fc.Arbitrary<Attributes> = fc.record(
  {
    mode: fc.constantFrom(0o700, 0o644, 0o4755, 0o1777, 0),
    uid: fc.constantFrom(0, 1, 1000),
    gid: fc.constantFrom(0, 50),
    xattrs: fc.constantFrom<Attributes['xattrs'] & object>({ 'user.x': '1' }, { 'user.y': '2' }),
  },
  { requiredKeys: [] },
);

const planned: fc.Arbitrary<Planned> = fc.record({
  path: fc.array(component, { minLength: 1, maxLength: 3 }),
  kind: fc.constantFrom(...DIRS, 'file', 'file', 'symlink', 'hard-link', 'fifo'),
  target: fc.constantFrom('a', 'b/c', '../b', '/c', '/a/b', '.', '../../../d', 'nowhere'),
  attributes,
});

const copied: fc.Arbitrary<Copied> = fc.record({
  keyword: fc.constantFrom('COPY', 'COPY', 'COPY --from=two', 'ADD'),
  flags: fc.uniqueArray(
    fc.constantFrom('--chown=1:2', '--chown=5', '--chmod=711', '--chmod=u+x', '--chmod=go-rwx'),
    { maxLength: 2, selector: (flag) => flag.split('=')[0] },
  ),
  source: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.tuple(fc.nat(), fc.constantFrom('', '', '', '', '/', '/.', '/..')),
    },
    fc.constantFrom('.', '.', '*', '[ab]', '*/*', 'a/*', 't.tar', 't.tar'),
  ),
  dest: fc.oneof(
    fc.tuple(fc.nat(), fc.constantFrom('', '', '/', '/new')),
    fc.constantFrom('.', '/', '/', '/', '/new', '/new/', '..', '/a/b'),
  ),
});

/** Builds of a stage `two`, and of one upon a third. */
export const randomBuild: fc.Arbitrary<RandomBuild> = fc
  .record({
    trees: fc.tuple(
      ...[10, 12, 8].map((maxLength) => fc.array(planned, { minLength: 3, maxLength })),
    ),
    archive: fc.array(planned, { minLength: 1, maxLength: 6 }),
    before: fc.constantFrom('', 'WORKDIR /a', 'WORKDIR /b/w', 'USER 5:6\nWORKDIR /c/w'),
    copies: fc.array(copied, { minLength: 1, maxLength: 2 }),
  })
  .map(({ trees: [base = [], own = [], two = []], archive, before, copies }) => {
    const [below, above, beside] = [plant(base, 'base/'), plant(own, ''), plant(two, 'two/')];
    const packed = plant(archive, '', 't.tar: ');
    const added = file('t.tar', tarOf(packed.entries));
    const line = ({ keyword, flags, source, dest }: Copied): string => {
      const sources = keyword.includes('two') ? beside.paths : above.paths;
      return [keyword, ...flags, chosen(source, sources, ''), chosen(dest, below.paths, '/')].join(
        ' ',
      );
    };
    const dockerfile = [
      ...['FROM scratch AS base', 'COPY base/ /', 'FROM scratch AS two', 'COPY two/ /'],
      ...['FROM base', ...(before === '' ? [] : [before]), ...copies.map(line), ''],
    ].join('\n');
    const text = [dockerfile, ...above.text, ...below.text, ...beside.text, ...packed.text];
    return {
      dockerfile,
      context: [...above.entries, ...below.entries, ...beside.entries, added],
      [fc.toStringMethod]: () => text.join('\n'),
    };
  });

interface Planted {
  readonly entries: Entry[];
  readonly paths: string[];
  readonly text: string[];
}

/** A name that is taken is left to its first owner, and so is what would be below a file. */
function plant(items: readonly Planned[], prefix: string, shown = prefix): Planted {
  const kinds = new Map<string, Planned['kind']>();
  const entries: Entry[] = prefix === '' ? [] : [dir(prefix)];
  const text: string[] = [];
  for (const { path, kind, target, attributes: given } of items) {
    const above = path.slice(0, -1).map((_, depth) => path.slice(0, depth + 1).join('/'));
    const here = path.join('/');
    const hidden = above.some((parent) => (kinds.get(parent) ?? 'dir') !== 'dir');
    if (kinds.has(here) || hidden) continue;
    for (const parent of above.filter((each) => !kinds.has(each))) {
      kinds.set(parent, 'dir');
      entries.push(dir(prefix + parent));
    }
    const first = [...kinds].find(([, each]) => each === 'file')?.[0];
    const made = kind === 'hard-link' && first === undefined ? 'file' : kind;
    kinds.set(here, made);
    const at = prefix + here;
    text.push(`${made} ${shown}${here} -> ${target} ${JSON.stringify(given)}`);
    // Linux keeps such attributes of files and folders alone.
    const { mode = 0o644, uid = 0, gid = 0 } = given;
    if (made === 'dir') entries.push(dir(at, given));
    else if (made === 'file') entries.push(file(at, here, given));
    else if (made === 'symlink') entries.push(symlink(at, target));
    else if (made === 'fifo') entries.push(fifo(at, { mode, uid, gid }));
    else entries.push(hardLink(at, prefix + (first ?? ''), given));
  }
  return { entries, paths: [...kinds.keys()], text };
}

function chosen(
  choice: readonly [number, string] | string,
  paths: readonly string[],
  prefix: string,
): string {
  if (typeof choice === 'string') return choice;
  const [index, behind] = choice;
  return prefix + (paths[index % Math.max(1, paths.length)] ?? 'a') + behind;
}
