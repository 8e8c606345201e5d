/** Two inspections that look like real ones: a builder with a tool chain, and what runs of it. */
import type { Entry } from '../../../src/inspect/entry.js';
import { walk } from '../../../src/inspect/entry.js';
import type { Inspection } from '../../../src/inspect/inspection.js';
import type { PageChange, PageDifference } from '../../../src/page/encode.js';
import { type MadeEntry, makeInspection, makeLayer } from './inspection.js';

/** Names that a page must show and not obey. */
export const HOSTILE = [
  '</script><script>window.broken=1</script>',
  '<img src=x onerror=window.broken=1>',
  'red\x1b[31m\x07bell',
  'txt\u202egpj.exe',
  '"quotes" & \'more\' \\ <!--',
  'new\nline\u2028',
  `${'long'.repeat(60)}.txt`,
];

/** The same numbers every time. */
function random(): () => number {
  let state = 42;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

const FOLDERS: readonly (readonly [path: string, files: number, size: number, layer: number])[] = [
  ['usr/lib/x86_64-linux-gnu', 220, 400_000, 0],
  ['usr/lib/gcc/x86_64-linux-gnu/12', 60, 2_800_000, 1],
  ['usr/lib/python3/dist-packages', 180, 22_000, 1],
  ['usr/lib/llvm-14/lib', 24, 4_200_000, 1],
  ['usr/bin', 190, 190_000, 0],
  ['usr/sbin', 40, 70_000, 0],
  ['usr/include/linux', 240, 9_000, 1],
  ['usr/include/c++/12/bits', 120, 24_000, 1],
  ['usr/share/doc/libc6', 40, 12_000, 0],
  ['usr/share/locale/de/LC_MESSAGES', 50, 60_000, 0],
  ['usr/share/locale/fr/LC_MESSAGES', 50, 64_000, 0],
  ['usr/share/perl/5.36', 160, 21_000, 0],
  ['usr/share/zoneinfo/Europe', 60, 1_800, 0],
  ['usr/local/go/pkg/tool/linux_amd64', 20, 5_600_000, 2],
  ['usr/local/go/src/cmd/compile', 260, 30_000, 2],
  ['usr/local/go/src/net/http', 90, 44_000, 2],
  ['root/go/pkg/mod/golang.org/x/text@v0.14.0', 110, 38_000, 3],
  ['root/.cache/go-build/0a', 90, 640_000, 3],
  ['src/node_modules/typescript/lib', 40, 900_000, 3],
  ['src/assets', 30, 240_000, 3],
  ['var/lib/apt/lists', 16, 3_100_000, 1],
  ['var/lib/dpkg/info', 260, 3_000, 0],
  ['etc', 70, 2_400, 0],
];

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  usr: ['.so.6', '.so', '.a', '.h', '.py', '.txt', '', '.mo', '.gz'],
  root: ['.go', '.go', '.a', '.mod'],
  src: ['.js', '.ts', '.png', '.json', '.woff2'],
  var: ['.list', '.md5sums', '.lz4'],
  etc: ['.conf', '', '.pem'],
};

const APP: readonly MadeEntry[] = [
  { path: 'app/server', size: 11_400_000, mode: 0o755, layer: 0 },
  { path: 'app/config.yaml', size: 2_100, layer: 0 },
  { path: 'app/assets/index.html', size: 8_400, layer: 1 },
  { path: 'app/assets/app.js', size: 412_000, layer: 1 },
  { path: 'app/assets/logo.svg', size: 18_000, layer: 1 },
  { path: 'app/assets/inter.woff2', size: 310_000, layer: 1 },
  { path: 'etc/ssl/certs/ca-certificates.crt', size: 219_342, layer: 0 },
  { path: 'etc/passwd', size: 412, layer: 0 },
  { path: 'usr/share/zoneinfo/UTC', size: 114, layer: 0 },
  { path: 'usr/lib/libc.so.6', size: 1_922_136, mode: 0o755, layer: 0 },
  { path: 'lib64', kind: 'symlink', target: 'usr/lib', layer: 0 },
  { path: 'tmp', kind: 'directory', mode: 0o1777, layer: 0 },
];

function builderEntries(): MadeEntry[] {
  const next = random();
  const entries: MadeEntry[] = [];
  for (const [folder, files, size, layer] of FOLDERS) {
    const suffixes = SUFFIXES[folder.split('/')[0] as string] ?? [''];
    for (let index = 0; index < files; index++) {
      const suffix = suffixes[Math.floor(next() * suffixes.length)] as string;
      const isProgram = folder.endsWith('bin') || folder.includes('tool/');
      entries.push({
        path: `${folder}/${isProgram ? 'tool' : 'file'}-${index}${isProgram ? '' : suffix}`,
        size: Math.floor(size * Math.exp(3 * next() - 2)),
        mode: isProgram ? 0o755 : 0o644,
        layer,
      });
    }
  }
  entries.push(
    { path: 'src/.env', size: 310, layer: 3 },
    { path: 'src/server', size: 11_400_000, mode: 0o755, layer: 3 },
    { path: 'usr/bin/passwd', size: 68_248, mode: 0o4755, layer: 0 },
    { path: 'lib', kind: 'symlink', target: 'usr/lib', layer: 0 },
    { path: 'etc/passwd', size: 922, layer: 0 },
    { path: 'usr/lib/libc.so.6', size: 1_922_136, mode: 0o755, layer: 0 },
    { path: 'usr/share/zoneinfo/UTC', size: 114, layer: 0 },
    ...HOSTILE.map((name) => ({ path: `src/odd/${name}`, size: 90_000, layer: 3 })),
  );
  return entries;
}

/** A builder's image: hundreds of megabytes, four layers, findings of every kind. */
export function builderImage(): Inspection {
  const steps = [
    'ADD rootfs.tar /',
    'RUN apt-get update && apt-get install -y --no-install-recommends build-essential clang-14 python3 ca-certificates',
    'RUN curl -fsSL https://go.dev/dl/go1.22.3.linux-amd64.tar.gz | tar -xz -C /usr/local',
    'COPY . /src',
  ];
  const made = makeInspection(builderEntries());
  const sums = steps.map((_, layer) => sumOf(made.root, layer));
  const layers = steps.map((createdBy, index) =>
    makeLayer(index, {
      createdBy,
      contents: sums[index]?.bytes ?? 0,
      compressed: Math.round((sums[index]?.bytes ?? 0) * 0.38),
      added: sums[index]?.count ?? 0,
      changed: index * 3,
      removed: index === 2 ? 14 : 0,
      wasted: index === 1 ? 18_400_000 : 0,
    }),
  );
  return {
    ...made,
    kind: 'image',
    target: 'app-builder:latest',
    image: {
      names: ['docker.io/library/app-builder:latest'],
      id: `sha256:${'7d3f0a91c2e4'.padEnd(64, '5')}`,
      platform: 'linux/amd64',
      config: {
        architecture: 'amd64',
        os: 'linux',
        created: '2024-05-17T09:30:00Z',
        rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId as string) },
        config: { Entrypoint: ['/src/server'], Cmd: ['--listen', ':8080'], WorkingDir: '/src' },
      },
    },
    layers,
    size: layers.reduce((sum, { contents }) => sum + contents, 18_400_000),
    waste: {
      bytes: 29_800_000,
      hidden: [
        {
          path: '/var/cache/apt/archives/clang-14_amd64.deb',
          size: 11_600_000,
          layer: 1,
          by: 2,
          how: 'deleted',
        },
        { path: '/var/lib/dpkg/status', size: 6_800_000, layer: 0, by: 1, how: 'overwritten' },
      ],
      duplicates: [
        { size: 11_400_000, wasted: 11_400_000, paths: ['/src/server', '/usr/bin/tool-7'] },
      ],
    },
    findings: [
      {
        id: 'secret',
        severity: 'error',
        path: '/src/.env',
        message: 'It holds an AWS access key',
        advice: 'Name it in .dockerignore, and replace the key: whoever has the image has it',
      },
      {
        id: 'apt-lists',
        severity: 'warning',
        path: '/var/lib/apt/lists',
        message: 'Lists of packages are in the image',
        advice: 'Remove them in the RUN that fetched them',
      },
      {
        id: 'setuid',
        severity: 'warning',
        path: '/usr/bin/passwd',
        message: 'It runs as root whoever starts it',
        advice: 'Take the bit away with --mode, or leave the program out',
      },
      {
        id: 'hostile-name',
        severity: 'warning',
        path: `/src/odd/${HOSTILE[0]}`,
        message: 'Its name is made to be mistaken for something else: txt\\u202egpj.exe',
        advice: 'Look where it comes from',
      },
      {
        id: 'no-user',
        severity: 'info',
        message: 'Nothing says which user it runs as: root',
        advice: 'Add USER 65534 to the Dockerfile',
      },
    ],
  };
}

/** As many files as asked for, as a tree of node_modules has them. */
export function manyFiles(count: number): Inspection {
  const next = random();
  const suffixes = ['.js', '.d.ts', '.js.map', '.json', '.md', ''];
  return makeInspection(
    (function* (): Generator<MadeEntry> {
      for (let index = 0; index < count; index++) {
        const folder = `app/node_modules/package-${Math.floor(index / 400)}/dist/part-${Math.floor(index / 25) % 16}`;
        const suffix = suffixes[index % suffixes.length] as string;
        yield {
          path: `${folder}/module-${index.toString(36)}${suffix}`,
          size: Math.floor(Math.exp(4 + 9 * next())),
          mtime: 1_700_000_000 + Math.floor(next() * 20_000_000),
          uid: index % 3 === 0 ? 1000 : 0,
        };
      }
    })(),
    { target: 'many files' },
  );
}

/** What runs: a program, certificates, a few assets. */
export function runtimeImage(): Inspection {
  const made = makeInspection(APP);
  const layers = ['COPY --from=builder /rootfs /', 'COPY assets /app/assets'].map(
    (createdBy, index) => {
      const { bytes, count } = sumOf(made.root, index);
      return makeLayer(index, { createdBy, contents: bytes, added: count });
    },
  );
  return {
    ...made,
    kind: 'image',
    target: 'app:latest',
    image: {
      names: ['docker.io/library/app:latest'],
      id: `sha256:${'e90b44d1aa07'.padEnd(64, '1')}`,
      platform: 'linux/amd64',
      config: {
        architecture: 'amd64',
        os: 'linux',
        rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId as string) },
        config: { Entrypoint: ['/app/server'], User: '65534' },
      },
    },
    layers,
  };
}

function sumOf(root: Entry, layer: number): { readonly bytes: number; readonly count: number } {
  let [bytes, count] = [0, 0];
  for (const entry of walk(root)) {
    if (entry.layer !== layer) continue;
    bytes += entry.size;
    count++;
  }
  return { bytes, count };
}

/** As simple as can be: by path, and one file that has moved. */
export function difference(before: Inspection, after: Inspection): PageDifference {
  const moved = new Map([['/app/server', '/src/server']]);
  const old = new Map([...walk(before.root)].map((entry) => [entry.path, entry]));
  const now = new Map([...walk(after.root)].map((entry) => [entry.path, entry]));
  const froms = new Set(moved.values());
  const entries: PageChange[] = [];
  for (const [path, { size }] of now) {
    const was = old.get(path);
    const from = moved.get(path);
    if (from !== undefined) entries.push({ path, how: 'moved', from });
    else if (was === undefined) entries.push({ path, how: 'new' });
    else entries.push({ path, how: was.size === size ? 'stayed' : 'changed' });
  }
  for (const path of old.keys()) {
    if (!now.has(path) && !froms.has(path)) entries.push({ path, how: 'gone' });
  }
  return { entries, sizes: { before: before.size, after: after.size } };
}
