/** The text, the JSON and the page of an inspection agree on every number. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differenceOf } from '../../src/inspect/difference.js';
import { inspect } from '../../src/inspect/inspect.js';
import type { Inspection } from '../../src/inspect/inspection.js';
import { inspectionJson } from '../../src/inspect/json.js';
import { listLines } from '../../src/inspect/text/list.js';
import { renderText } from '../../src/inspect/text/render.js';
import { Session } from '../../src/page/client/model/session.js';
import type { PageData } from '../../src/page/data.js';
import { renderPage } from '../../src/page/page.js';
import { formatBytes } from '../../src/text/format.js';
import { archiveOf, type Described, podman } from '../support/inspect/image-forms.js';
import { header, member, tar } from '../support/write-tar.js';

const link = (name: string, linkname: string): Buffer => header({ name, typeflag: '1', linkname });
const directory = (name: string): Buffer => header({ name, typeflag: '5', mode: 0o755 });

const IMAGES: Readonly<Record<string, Described>> = {
  'empty layers': { layers: [tar(), tar(member({ name: 'a', body: 'a' })), tar()] },
  'no layers': { layers: [] },
  whiteouts: {
    layers: [
      tar(
        directory('d'),
        member({ name: 'd/gone', body: 'gone' }),
        member({ name: 'd/stays', body: 'stays' }),
        member({ name: 'opaque/x', body: 'xx' }),
      ),
      tar(header({ name: 'd/.wh.gone' }), header({ name: 'opaque/.wh..wh..opq' })),
      tar(member({ name: 'd/stays', body: 'other' }), member({ name: 'opaque/y', body: 'y' })),
    ],
  },
  'hard links and duplicates': {
    layers: [
      tar(
        member({ name: 'bin/su', body: 'su'.repeat(5000), mode: 0o4755 }),
        link('bin/again', 'bin/su'),
        link('z', 'bin/su'),
        member({ name: 'one', body: 'twice'.repeat(900) }),
        member({ name: 'two', body: 'twice'.repeat(900) }),
        member({ name: 'three', body: 'twice'.repeat(900) }),
        header({ name: 'nowhere', typeflag: '2', linkname: 'no/such/file' }),
        member({ name: 'empty' }),
      ),
    ],
    config: { config: { Entrypoint: ['/missing'], User: '1000:1000' } },
  },
};

let folder: string;
const inspections = new Map<string, Inspection>();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-test-'));
  for (const [name, image] of Object.entries(IMAGES)) {
    const target = join(folder, name);
    writeFileSync(target, archiveOf(podman(image)));
    inspections.set(name, await inspect({ target }));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Json {
  readonly files: number;
  readonly total: number;
  readonly size: number;
  readonly layers: readonly unknown[];
  readonly waste: {
    readonly bytes: number;
    readonly hidden: object[];
    readonly duplicates: object[];
  };
  readonly findings: readonly { readonly severity: string }[];
  readonly entries: readonly { readonly kind: string }[];
  readonly difference?: {
    readonly totals: Readonly<Record<string, { readonly entries: number; readonly bytes: number }>>;
  };
}

const PLAIN = { colour: false, bars: false, width: 80 };

type Compared = Parameters<typeof renderText>[1]['other'];

function jsonOf(inspection: Inspection, other?: Compared): Json {
  return JSON.parse([...inspectionJson(inspection, other && { other })].join('\n')) as Json;
}

function textOf(inspection: Inspection, other?: Compared): string {
  return [...renderText(inspection, { ...PLAIN, all: true, ...(other && { other }) })].join('\n');
}

async function pageOf(inspection: Inspection, other?: Compared): Promise<Session> {
  const bundle = { script: '', style: '' };
  let page = '';
  for await (const part of renderPage({ inspection, ...(other && { other }) }, bundle))
    page += part;
  const [, data = ''] = /id="data">(.*?)<\/script>/s.exec(page) ?? [];
  return new Session(JSON.parse(data) as PageData, false);
}

/** The number before a word in the text; 0 if it isn't there. */
function counted(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

function severities(findings: Json['findings']): Record<string, number> {
  const count = (wanted: string): number =>
    findings.filter(({ severity }) => severity === wanted).length;
  return { error: count('error'), warning: count('warning'), info: count('info') };
}

describe.each(Object.keys(IMAGES))('of an image with %s', (name) => {
  it('files, directories, layers, waste and findings are the same', async () => {
    const inspection = inspections.get(name) as Inspection;
    const [json, text] = [jsonOf(inspection), textOf(inspection)];
    const { data, tree } = (await pageOf(inspection)).side;
    const ofKind = (kind: string): number => json.entries.filter((one) => one.kind === kind).length;

    expect(counted(text, / (\d+) files?, \d+ layer/)).toBe(json.files);
    expect(tree.files[0]).toBe(json.files);
    expect(ofKind('file')).toBe(json.files);
    // The list has no root.
    const list = [...listLines(inspection.root, PLAIN)];
    const folders = Array.from({ length: tree.count }, (_, at) => at).filter((at) =>
      tree.isFolder(at),
    );
    expect(list.filter((line) => line.startsWith('d'))).toHaveLength(ofKind('directory') - 1);
    expect(folders).toHaveLength(ofKind('directory'));
    expect(tree.totals[0]).toBe(json.total);
    expect(data.size).toBe(json.size);

    expect(counted(text, / (\d+) layers?/)).toBe(json.layers.length);
    expect(text.match(/^ {2,}\d+ {2}.* {2}.*%/gm) ?? []).toHaveLength(json.layers.length);
    expect(data.layers).toHaveLength(json.layers.length);

    const { bytes, hidden, duplicates } = json.waste;
    expect(text).toContain(
      `waste       ${bytes === 0 ? 'none' : formatBytes(bytes).replace(' ', '')}`,
    );
    expect(data.waste.bytes).toBe(bytes);
    expect(counted(text, /^hidden by later layers {2}(\d+) file/m)).toBe(hidden.length);
    expect(data.waste.hiddenCount).toBe(hidden.length);
    expect(counted(text, /^the same content twice {2}(\d+) content/m)).toBe(duplicates.length);
    expect(data.waste.duplicatesCount).toBe(duplicates.length);

    const heading = /^findings {2}(.*)$/m.exec(text)?.[1] ?? '';
    const inText = ['error', 'warning', 'info'].map((one) => [
      one,
      counted(heading, new RegExp(`(\\d+) ${one}`)),
    ]);
    expect(Object.fromEntries(inText)).toEqual(severities(json.findings));
    expect(text.match(/^ {2}(?:error|warning|info) /gm) ?? []).toHaveLength(json.findings.length);
    expect(severities(data.findings)).toEqual(severities(json.findings));
  });
});

it('of a comparison, entries and bytes of every kind of change are the same', async () => {
  const names = [...inspections.keys()];
  for (const [before, after] of names.flatMap((one) => names.map((two) => [one, two] as const))) {
    const [inspection, second] = [before, after].map(
      (one) => inspections.get(one) as Inspection,
    ) as [Inspection, Inspection];
    const other = { inspection: second, difference: differenceOf(inspection.root, second.root) };
    const { difference } = jsonOf(inspection, other);
    const text = textOf(inspection, other);
    const session = await pageOf(inspection, other);
    for (const [how, { entries, bytes }] of Object.entries(difference?.totals ?? {})) {
      const what = `${before}, ${after}: ${how}`;
      const line = new RegExp(` {2}${how} +(\\d+) entr`).exec(text);
      expect(Number(line?.[1] ?? 0), what).toBe(entries);
      const changes = session.changes?.entries[how as 'gone'] ?? [];
      expect(changes, what).toHaveLength(entries);
      const sum = changes.reduce(
        (total, one) => total + (how === 'gone' ? one.sizeBefore : one.sizeAfter),
        0,
      );
      expect(sum, what).toBe(bytes);
    }
    if (inspection.findings.length > 0)
      expect(text).toContain(`findings of ${inspection.target}  `);
  }
});
