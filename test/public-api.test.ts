/** The names that the packed package offers, for Node and for the compiler. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The values and the types of each entry point, in alphabetical order. */
const NAMES: Readonly<Record<string, { values: string; types: string }>> = {
  dockerception: {
    values: 'DockerceptionError build filter inspect openBuilder withBuilder',
    types: `Addition Artifact BuildContext BuildOptions BuildResult Builder BuilderOptions Built Compression
      ContextOptions Engine EngineName EngineRequest ErrorCode ErrorDetails ErrorKind FilterOptions InspectOptions Limits
      Output ProgressEvent Report`,
  },
  'dockerception/tar': {
    values: `DescriptorSink METADATA_LIMIT StreamSink TarWalk addPrefix clampTimes compileIgnore compose
      filterInto parseIgnore parseOwner parseTime runPipeline safeNames select setMode setOwner setTimes sourceDateEpoch
      stripComponents`,
    types: `Bytes DeviceNumbers Edit Ending EntryHeader EntrySink EntryType FileReceiver GlobalHeader Ignore
      MapRest Owner PaxRecord PaxRecords PipelineInput PipelinePlan PipelineSummary Selection Sink Source
      SparseMap Trailing WalkHandler`,
  },
  'dockerception/inspect': {
    values: 'differenceOf find inspectionJson limitViolations renderPage renderText walk',
    types: `Architecture AssembledSystem Attributes ChangeKind ChangedAttribute CheckedImage ClientBundle
      Compared CompressionType ContainerConfig Content Difference DifferenceEntry Directory Duplicate Elf
      ElfContent Entry EntryKind Extra Finding Healthcheck HiddenFile History ImageCheck ImageConfig
      ImageFacts Inspection JsonOptions LayerFacts LayersSummary Leaf LimitViolation Node PageSubject
      RootFs ScriptContent Secret Severity Share StoredImage TextOptions UnmappableEntry Waste`,
  },
};

const listed = (...lists: readonly string[]): string[] =>
  lists.flatMap((list) => list.trim().split(/\s+/)).sort();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-pack-'));
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
  const archive = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' }).trim();
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'dockerception'), { recursive: true });
  const unpack = ['-xzf', archive, '--strip-components=1', '-C', join(modules, 'dockerception')];
  execFileSync('tar', unpack, { cwd: folder });
  for (const name of [...Object.keys(manifest.dependencies), '@types/node', 'undici-types']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  const imports = Object.keys(NAMES).map((name, at) => `import * as m${at} from '${name}';\n`);
  const uses = Object.keys(NAMES).map((_, at) => `m${at}`);
  writeFileSync(join(folder, 'use.ts'), `${imports.join('')}export default [${uses.join()}];\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The names that the compiler finds in each entry point. Fails if a type in them is not found. */
function declared(options: ts.CompilerOptions): Record<string, string[]> {
  const file = join(folder, 'use.ts');
  const program = ts.createProgram([file], {
    ...options,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(folder, 'node_modules/@types')],
  });
  const files = program
    .getSourceFiles()
    .filter(({ fileName }) => !/\/(?:@types|typescript)\//.test(fileName));
  const errors = files.flatMap((one) => program.getSemanticDiagnostics(one));
  expect(errors.map(({ messageText }) => messageText)).toEqual([]);
  const checker = program.getTypeChecker();
  const imports = program.getSourceFile(file)?.statements.filter(ts.isImportDeclaration) ?? [];
  return Object.fromEntries(
    imports.map(({ moduleSpecifier }) => {
      const symbol = checker.getSymbolAtLocation(moduleSpecifier);
      const names = symbol === undefined ? [] : checker.getExportsOfModule(symbol);
      return [(moduleSpecifier as ts.StringLiteral).text, names.map(({ name }) => name).sort()];
    }),
  );
}

describe('the packed package', () => {
  it('offers Node exactly the listed values', () => {
    const print = `const found = {};
      for (const name of ${JSON.stringify(Object.keys(NAMES))}) found[name] = Object.keys(await import(name));
      console.log(JSON.stringify(found));`;
    const args = ['--input-type=module', '-e', print];
    const printed = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    const found = JSON.parse(printed) as Record<string, string[]>;
    for (const [name, { values }] of Object.entries(NAMES))
      expect(found[name]?.sort(), name).toEqual(listed(values));
  });

  it.each([
    {
      name: 'nodenext',
      module: ts.ModuleKind.NodeNext,
      resolution: ts.ModuleResolutionKind.NodeNext,
    },
    { name: 'bundler', module: ts.ModuleKind.ESNext, resolution: ts.ModuleResolutionKind.Bundler },
  ])(
    'declares exactly the listed names for the module resolution $name',
    ({ module, resolution }) => {
      const found = declared({ module, moduleResolution: resolution });
      for (const [name, { values, types }] of Object.entries(NAMES))
        expect(found[name], name).toEqual(listed(values, types));
    },
  );

  it('has every file that its manifest names, and none that only its builds or other tools need', () => {
    const installed = join(folder, 'node_modules/dockerception');
    const files = readdirSync(installed, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name, parentPath }) => relative(installed, join(parentPath, name)));
    const named = JSON.stringify([manifest.exports, manifest.bin, manifest.man]);
    for (const path of named.match(/(?:bin|dist)\/[^"]+|package\.json/g) ?? [])
      expect(files).toContain(path);
    expect(files.filter((path) => /^dist\/(?:page|bin)\/(?!.*\.d\.ts)/.test(path)).sort()).toEqual(
      listed(
        'dist/bin/deflate-thread.js dist/bin/filter.js dist/bin/hash-thread.js dist/bin/main.js dist/bin/package.json',
        'dist/page/client.css dist/page/client.js dist/page/data.js dist/page/encode.js dist/page/page.js',
      ),
    );
    const pages = files.filter((path) => /^docs\/.*\.md$/.test(path));
    for (const page of pages) {
      const text = readFileSync(join(installed, page), 'utf8');
      for (const [, link = ''] of text.matchAll(/\]\(([\w./-]+\.(?:md|svg|json))/g)) {
        const target = join(dirname(page), link);
        if (target.startsWith('docs/')) expect(files, page).toContain(target);
      }
    }
    const needless =
      /\.(?:cache|map|tgz)$|^dist\/(?:cli|doctor|dockerception-)|^dist\/bin\/.*\.d\.ts$|^docs\/(?:api|.*\.js$)|(?<!\.d)\.ts$/;
    expect(files.filter((path) => needless.test(path))).toEqual([]);
    const bytes = files.reduce((sum, path) => sum + statSync(join(installed, path)).size, 0);
    expect(files.length).toBeLessThan(800);
    expect(bytes).toBeLessThan(3_800_000);
  });

  it('has at most 30 names at its root', () => {
    const { values = '', types = '' } = NAMES['dockerception'] ?? {};
    expect(listed(values, types).length).toBeLessThanOrEqual(30);
  });
});
