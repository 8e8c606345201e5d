import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { schemaTables } from '../../docs/inspect-json.js';
import { differenceOf } from '../../src/inspect/difference.js';
import type { Inspection } from '../../src/inspect/inspection.js';
import { inspectionJson, type JsonOptions } from '../../src/inspect/json.js';
import { limitViolations } from '../../src/inspect/limits.js';
import { inspectionOf } from '../support/inspect/inspection-tree.js';

const docs = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly $ref?: string;
}
const schema = JSON.parse(docs('inspect.schema.json')) as Schema;
// Whoever reads it has to expect more members; we have to tell of every one.
const closed = JSON.parse(docs('inspect.schema.json'), (_, value: unknown) =>
  typeof value === 'object' && value !== null && 'properties' in value
    ? { ...value, additionalProperties: false }
    : value,
) as object;
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(closed);

function parsed(inspection: Inspection, options?: JsonOptions): Record<string, unknown> {
  const text = [...inspectionJson(inspection, options)].join('\n');
  const value = JSON.parse(text) as Record<string, unknown>;
  expect(validate(value), JSON.stringify(validate.errors, null, 1)).toBe(true);
  return value;
}

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

/** One of everything. */
const everything = inspectionOf(
  {
    '/app': {
      size: 9,
      mode: 0o4755,
      layer: 1,
      xattrs: { 'security.capability': '\u0001\u0000' },
      content: {
        hash: '0123456789abcdef',
        elf: {
          kind: 'program',
          architecture: { machine: 62, bits: 64, bigEndian: false },
          interpreter: '/lib64/ld-linux-x86-64.so.2',
          needed: ['libc.so.6'],
          soname: 'app',
          rpath: '/a',
          runpath: '$ORIGIN',
          noDefaults: false,
          imports: new Set(['dlopen']),
        },
        tls: 'go',
        embeds: { certificates: true, zones: true },
        namesZones: true,
        text: 'kept to ourselves',
      },
    },
    '/bin/a': { size: 5, content: { damaged: 'it ends in its header' } },
    '/bin/b': { size: 5, link: '/bin/a' },
    '/dev/null': { kind: 'char-device', device: { major: 1, minor: 3 } },
    '/etc/key': { size: 3, content: { secrets: ['private-key'] } },
    '/lib': '-> usr/lib',
    '/run.sh': {
      size: 2,
      content: { script: { interpreter: '/usr/bin/env', command: 'sh', crlf: true } },
    },
    '/esc\x1b[31m\x9b\u202e\n"': 1,
  },
  {
    config: { Entrypoint: ['/app'], Env: ['A=b'] },
    layers: [
      { diffId: digest('a'), digest: digest('b'), compressed: 100, createdBy: 'COPY app /' },
      {},
    ],
    hidden: [{ path: '/old', size: 3, layer: 0, by: 1, how: 'deleted' }],
    duplicates: [{ size: 4, wasted: 4, paths: ['/x', '/y'] }],
    findings: [
      { id: 'start-x', severity: 'error', path: '/app', message: 'no loader', advice: 'add it' },
      { id: 'root', severity: 'info', message: 'it runs as root', advice: 'USER 1' },
    ],
  },
);
const after = inspectionOf({ '/usr/bin/app': { size: 9, hash: '0123456789abcdef' }, '/lib': 5 });
const options: JsonOptions = {
  other: { inspection: after, difference: differenceOf(everything.root, after.root) },
  exceeded: limitViolations(
    everything,
    { maxSize: 1, deny: ['**/key'], denySetuid: true, mustRun: true },
    () => true,
  ),
};

describe('the JSON of an inspection', () => {
  it('is what its schema says, with everything and with nothing', () => {
    parsed(everything, options);
    parsed(inspectionOf({}, { layers: [] }));
    parsed(inspectionOf({ '/Dockerfile': 3 }, { kind: 'context', target: 'standard input' }));
    const empty = inspectionOf({});
    const other = { inspection: empty, difference: differenceOf(empty.root, empty.root) };
    expect(parsed(empty, { other, exceeded: [] })).toMatchObject({
      exceeded: [],
      difference: { ratio: null },
    });
  });

  it('has the entries in order, what is usual left out', () => {
    const { entries } = parsed(
      inspectionOf({ '/a/b': 5, '/c': '-> a', '/a.x': { size: 5, link: '/a/b' } }),
    );
    const usual = { uid: 0, gid: 0, mtime: 1704164645, layer: 0 };
    expect(entries).toEqual([
      { path: '/', kind: 'directory', mode: '0755', ...usual, total: 5, files: 2 },
      { path: '/a', kind: 'directory', mode: '0755', ...usual, total: 5, files: 1 },
      { path: '/a/b', kind: 'file', mode: '0644', ...usual, size: 5 },
      { path: '/a.x', kind: 'file', mode: '0644', ...usual, size: 5, hardlink: '/a/b' },
      { path: '/c', kind: 'symlink', mode: '0777', ...usual, target: 'a' },
    ]);
  });

  it('has the difference: before is the target, after the other', () => {
    const { difference } = parsed(everything, options) as { difference: Record<string, unknown> };
    expect(difference).toMatchObject({
      before: { target: 'app.tar', total: everything.root.total },
      after: { total: 14 },
      ratio: 0.7,
      totals: { moved: { entries: 1, bytes: 9 } },
    });
    expect(difference['entries']).toContainEqual({
      path: '/usr/bin/app',
      how: 'moved',
      kind: 'file',
      from: '/app',
      sizeBefore: 9,
      sizeAfter: 9,
      changes: ['mode', 'xattrs'],
    });
  });

  it('has no control characters in it, nor what turns text around', () => {
    for (const line of inspectionJson(everything, options))
      expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e]/);
    const { entries } = parsed(everything) as { entries: { path: string }[] };
    expect(entries.map(({ path }) => path)).toContain('/esc\x1b[31m\x9b\u202e\n"');
  });

  it('keeps the text of files to itself', () => {
    expect(JSON.stringify(parsed(everything, options))).not.toContain('kept to ourselves');
  });

  it('comes line by line, an entry each', () => {
    const many = Object.fromEntries(
      Array.from({ length: 100_000 }, (_, index) => [`/d/${index}`, 1]),
    );
    let [lines, longest] = [0, 0];
    for (const line of inspectionJson(inspectionOf(many))) {
      lines++;
      longest = Math.max(longest, line.length);
    }
    expect(lines).toBeGreaterThan(100_000);
    expect(longest).toBeLessThan(1000);
  });
});

describe('the schema', () => {
  it('is what the page has its tables from', async () => {
    const page = docs('inspect-json.md');
    const tables = await format(schemaTables(schema), { parser: 'markdown', printWidth: 100 });
    expect(page.slice(page.indexOf('## The document'))).toBe(tables);
  });

  it('describes every property, uses every one, and the page documents it', () => {
    const page = docs('inspect-json.md');
    const properties: string[] = [];
    const visit = (here: Schema, values: readonly unknown[], place: string): void => {
      const target = here.$ref ? (schema.$defs?.[here.$ref.slice(8)] as Schema) : here;
      if (target.items) visit(target.items, values.flat(), place);
      for (const [name, property] of Object.entries(target.properties ?? {})) {
        const path = place === '' ? name : `${place}.${name}`;
        properties.push(path);
        expect(property.description, `${path} is described`).toMatch(/\.$/);
        expect(page, `${path} is documented`).toContain(`\`${name}\``);
        const found = values.flatMap((value) => {
          const member = (value as Record<string, unknown>)[name];
          return member === undefined ? [] : [member];
        });
        expect(found.length, `${path} is used`).toBeGreaterThan(0);
        visit(property, found, path);
      }
    };
    visit(schema, [parsed(everything, options)], '');
    expect(properties.length).toBeGreaterThan(90);
  });
});
