import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** Parts that every other may import. */
const SHARED: readonly string[] = ['errors', 'error-codes', 'pause', 'text'];

/** Which part may import which others; a part may always import itself and the shared ones. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  'error-codes': [],
  pause: [],
  text: [],
  tar: [],
  files: ['tar'],
  progress: [],
  sink: ['tar', 'files'],
  compression: ['files'],
  elf: ['filesystem', 'tar'],
  dockerfile: ['image', 'tar'],
  image: ['tar', 'compression', 'files'],
  options: ['tar', 'compression', 'dockerfile', 'image', 'edit', 'source', 'progress'],
  edit: ['filesystem', 'tar', 'dockerfile'],
  source: ['tar', 'dockerfile', 'compression', 'files'],
  filesystem: ['tar'],
  engine: [
    'options',
    'dockerfile',
    'filesystem',
    'files',
    'image',
    'progress',
    'tar',
    'compression',
  ],
  inspect: [
    'options',
    'filesystem',
    'files',
    'image',
    'elf',
    'engine',
    'source',
    'sink',
    'compression',
    'dockerfile',
    'progress',
    'tar',
  ],
  doctor: ['options', 'engine', 'image'],
  page: ['inspect', 'options', 'progress', 'files'],
  pipeline: ['source', 'edit', 'sink', 'progress', 'tar'],
  context: [
    'options',
    'pipeline',
    'source',
    'sink',
    'edit',
    'dockerfile',
    'image',
    'progress',
    'tar',
  ],
  filter: ['context', 'options', 'pipeline', 'sink', 'progress'],
  build: [
    'files',
    'source',
    'options',
    'context',
    'filter',
    'pipeline',
    'sink',
    'engine',
    'inspect',
    'image',
    'progress',
    'tar',
  ],
  builder: [
    'options',
    'build',
    'elf',
    'engine',
    'source',
    'pipeline',
    'edit',
    'sink',
    'progress',
    'dockerfile',
    'tar',
  ],
  cli: [
    'compression',
    'doctor',
    'inspect',
    'page',
    'options',
    'source',
    'files',
    'build',
    'builder',
    'filter',
    'context',
    'edit',
    'engine',
    'image',
    'dockerfile',
    'sink',
    'progress',
    'tar',
  ],
  index: [
    'filter',
    'compression',
    'inspect',
    'options',
    'build',
    'builder',
    'engine',
    'image',
    'progress',
  ],
  'index-tar': ['filter', 'pipeline', 'source', 'edit', 'sink', 'tar', 'dockerfile'],
  'index-inspect': [
    'compression',
    'inspect',
    'page',
    'options',
    'filesystem',
    'elf',
    'engine',
    'image',
  ],
};

/** The folders of the embedded engine, and which others each may import. */
const EMBEDDED: Readonly<Record<string, readonly string[]>> = {
  spool: [],
  steps: ['spool'],
  stages: ['steps', 'spool'],
  output: ['stages', 'spool'],
  speculation: ['output', 'stages', 'spool'],
};

interface Arrow {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly toFile: string;
}

/** The part a file belongs to: its folder, or its own name at the top. */
function partOf(file: string): string {
  return (file.split('/')[0] as string).replace(/\.ts$/, '');
}

function arrows(): Arrow[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(SRC, file), 'utf8');
    const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*)'/g)];
    return imports.map(([, path]) => {
      const toFile = relative(SRC, join(SRC, dirname(file), path as string));
      return { file, from: partOf(file), to: partOf(toFile.replace(/\.js$/, '.ts')), toFile };
    });
  });
}

describe('the layers of src', () => {
  const all = arrows();

  it('are imported along the arrows of the design alone', () => {
    const wrong = all.filter(
      ({ from, to }) => from !== to && !SHARED.includes(to) && !(ARROWS[from] ?? []).includes(to),
    );
    expect(wrong.map(({ file, toFile }) => `${file} -> ${toFile}`)).toEqual([]);
  });

  it('are all named in the table, and the table names no others', () => {
    expect([...new Set(all.map(({ from }) => from))].filter((part) => !(part in ARROWS))).toEqual(
      [],
    );
    const parts = readdirSync(SRC).map((name) => name.replace(/\.ts$/, ''));
    expect(Object.keys(ARROWS).filter((part) => !parts.includes(part))).toEqual([]);
  });

  it('let an engine know progress by its events, not by its displays', () => {
    const displays = all.filter(
      ({ from, to, toFile }) =>
        from === 'engine' && to === 'progress' && toFile !== 'progress/events.js',
    );
    expect(displays).toEqual([]);
  });

  it('let the API of BuildKit know no other engine', () => {
    const room = /^engine\/(buildkit|docker|embedded)\//;
    const wrong = all.filter(
      ({ file, toFile }) =>
        room.exec(file)?.[1] === 'buildkit' &&
        (room.exec(toFile)?.[1] ?? 'buildkit') !== 'buildkit',
    );
    expect(wrong).toEqual([]);
  });

  it('keep the folders of the embedded engine in order, and speculation behind one file', () => {
    const folderOf = (file: string): string | undefined =>
      /^engine\/embedded\/([^/]+)\//.exec(file)?.[1];
    const wrong = all.filter(({ file, toFile }) => {
      const [from, to] = [folderOf(file), folderOf(toFile)];
      if (to === undefined || from === to) return false;
      if (to === 'speculation' && !toFile.endsWith('/speculative-layer-writer.js')) return true;
      return from !== undefined && !(EMBEDDED[from] ?? []).includes(to);
    });
    expect(wrong.map(({ file, toFile }) => `${file} -> ${toFile}`)).toEqual([]);
  });

  it('have no cycle of files', () => {
    const graph = new Map<string, string[]>();
    for (const { file, toFile } of all) {
      graph.set(file, [...(graph.get(file) ?? []), toFile.replace(/\.js$/, '.ts')]);
    }
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      else if (!done.has(file)) {
        for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
        done.add(file);
      }
    };
    for (const file of graph.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });
});
