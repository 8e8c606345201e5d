import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { walk } from '../../src/inspect/entry.js';
import { FileTree } from '../../src/page/client/model/file-tree.js';
import type { PageData } from '../../src/page/data.js';
import { encodeSide } from '../../src/page/encode.js';
import { type PageSubject, readBundle, renderPage } from '../../src/page/page.js';
import {
  builderImage,
  difference,
  HOSTILE,
  manyFiles,
  runtimeImage,
} from '../support/inspect/example-inspections.js';
import { makeInspection } from '../support/inspect/inspection.js';

const MB = 1_000_000;

async function pageOf(subject: PageSubject): Promise<string> {
  let page = '';
  for await (const part of renderPage(subject)) page += part;
  return page;
}

/** What lies between the tags of each element of that name. */
function elements(page: string, tag: string): { attributes: string; text: string }[] {
  const found = page.matchAll(new RegExp(`<${tag}([^>]*)>(.*?)</${tag}>`, 'gs'));
  return [...found].map(([, attributes = '', text = '']) => ({ attributes, text }));
}

function dataOf(page: string): PageData {
  const script = elements(page, 'script').find(({ attributes }) => attributes.includes('json'));
  return JSON.parse(script?.text ?? '') as PageData;
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

describe('a page', () => {
  it('allows only its own script and style, by their hashes', async () => {
    const page = await pageOf({ inspection: builderImage() });
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    const scripts = elements(page, 'script').filter(({ attributes }) => attributes === '');
    const styles = elements(page, 'style');
    expect(scripts).toHaveLength(1);
    expect(styles).toHaveLength(1);
    expect(policy.split('; ').sort()).toEqual(
      [
        "default-src 'none'",
        `script-src ${hash(scripts[0]?.text ?? '')}`,
        `style-src ${hash(styles[0]?.text ?? '')}`,
        'img-src data:',
        "base-uri 'none'",
        "form-action 'none'",
      ].sort(),
    );
    expect(page.indexOf('Content-Security-Policy')).toBeLessThan(page.indexOf('<style>'));
  });

  it('has no URL, no event handler and no inline style in its markup', async () => {
    const { script, style } = readBundle();
    const markup = (await pageOf({ inspection: builderImage() }))
      .replace(script, '')
      .replace(style, '')
      .replace(/<script type="application\/json".*?<\/script>/s, '');
    expect(markup).not.toMatch(/https?:|\/\/|\son\w+=|style=|src="/);
    expect(style).not.toMatch(/@import|url\(/);
    expect(script).not.toMatch(/\beval\(|new Function|innerHTML|fetch\(|XMLHttpRequest|WebSocket/);
  });

  it('creates no tag from a name', async () => {
    const entries = HOSTILE.map((name) => ({ path: `a/${name.replaceAll('/', '∕')}`, size: 1 }));
    const inspection = makeInspection(
      [...entries, { path: 'link', kind: 'symlink', target: '</script><b>' }],
      {
        target: '</title><script>alert(1)</script>',
        findings: [
          {
            id: 'x',
            severity: 'error',
            message: '<b>bold</b>',
            advice: '<!-- </script>',
            path: '/a',
          },
        ],
      },
    );
    const page = await pageOf({ inspection });
    expect(elements(page, 'script')).toHaveLength(2);
    expect(page.match(/<\/script>/g)).toHaveLength(2);
    const json = elements(page, 'script').find(({ attributes }) => attributes.includes('json'));
    expect(json?.text).not.toContain('<');
    const [side] = dataOf(page).sides;
    expect(side?.title).toBe(inspection.target);
    expect(new Set(side?.entries.names.split('/'))).toEqual(
      new Set(['', 'a', 'link', ...entries.map(({ path }) => path.slice(2))]),
    );
  });

  it('has at most 8 MB for 100,000 files', async () => {
    const page = await pageOf({ inspection: manyFiles(100_000) });
    expect(Buffer.byteLength(page)).toBeLessThan(8 * MB);
    expect(dataOf(page).sides[0]?.entries.sizes.length).toBeGreaterThan(100_000);
  });

  it('has a script and a style of at most 55,633 bytes', () => {
    const { script, style } = readBundle();
    expect(Buffer.byteLength(script + style)).toBeLessThanOrEqual(55_633);
  });

  it('reports why it can’t be rendered if the client was not built', () => {
    expect(() => readBundle(new URL('./nowhere/', import.meta.url))).toThrow(
      expect.objectContaining({ code: 'PAGE_CLIENT' }),
    );
  });
});

describe('the columns', () => {
  it('contain every entry of the inspection', () => {
    const { root } = builderImage();
    const tree = new FileTree(roundTrip(encodeSide(builderImage())).entries);
    const entries = [...walk(root)];
    expect(tree.count).toBe(entries.length);
    for (const [at, entry] of entries.entries()) {
      expect(tree.pathOf(at)).toBe(entry.path);
      expect(tree.totals[at]).toBe(entry.total);
      expect(tree.files[at]).toBe(entry.files);
      expect(tree.layers[at]).toBe(entry.layer);
      const { mode, uid, gid, mtime } = entry;
      expect(tree.factsOf(at)).toEqual({ mode, uid, gid, mtime });
      expect(tree.targets.get(at)).toBe(entry.target);
      expect(tree.childrenOf(at)).toHaveLength(entry.children?.size ?? 0);
    }
  });

  it('contain kinds, devices, attributes, contents, unusual modes, owners and times', () => {
    const elf = { kind: 'program' } as never;
    const inspection = makeInspection([
      { path: 'dev/null', kind: 'char-device', device: { major: 1, minor: 3 }, mode: 0o666 },
      { path: 'dev/sda', kind: 'block-device', device: { major: 8, minor: 0 } },
      { path: 'run/pipe', kind: 'fifo' },
      { path: 'bin/ping', size: 5, xattrs: new Map([['security.capability', Buffer.alloc(1)]]) },
      { path: 'bin/app', size: 9, content: { elf } },
      { path: 'bin/run', size: 9, content: { script: { interpreter: '/bin/sh', crlf: false } } },
      { path: 'old', mtime: -1, uid: 4_000_000_000, gid: 65_534, mode: 0o7777 },
      { path: 'new', mtime: 8_000_000_000 },
    ]);
    const tree = new FileTree(roundTrip(encodeSide(inspection)).entries);
    const at = (path: string): number => tree.find(path) as number;
    expect(tree.kindOf(at('/dev/null'))).toBe('c');
    expect(tree.devices.get(at('/dev/null'))).toBe('1:3');
    expect(tree.kindOf(at('/dev/sda'))).toBe('b');
    expect(tree.kindOf(at('/run/pipe'))).toBe('p');
    expect(tree.xattrs.get(at('/bin/ping'))).toEqual(['security.capability']);
    expect(tree.contentOf(at('/bin/app'))).toBe('p');
    expect(tree.contentOf(at('/bin/run'))).toBe('s');
    expect(tree.factsOf(at('/old'))).toEqual({
      mode: 0o7777,
      uid: 4_000_000_000,
      gid: 65_534,
      mtime: -1,
    });
    expect(tree.factsOf(at('/new')).mtime).toBe(8_000_000_000);
    expect(tree.find('/dev/none')).toBeUndefined();
  });

  it('count a file with several names at its first name', () => {
    const links = {};
    const inspection = makeInspection([
      { path: 'a/one', size: 100, links },
      { path: 'b/two', size: 100, links },
    ]);
    const tree = new FileTree(roundTrip(encodeSide(inspection)).entries);
    expect(tree.totals[0]).toBe(100);
    expect(tree.files[0]).toBe(2);
    expect(tree.totals[tree.find('/b') as number]).toBe(0);
    expect(tree.firsts.get(tree.find('/b/two') as number)).toBe(tree.find('/a/one'));
  });

  it('are valid for an empty root', () => {
    const tree = new FileTree(roundTrip(encodeSide(makeInspection([]))).entries);
    expect(tree.count).toBe(1);
    expect(tree.childrenOf(0)).toEqual([]);
    expect(tree.pathOf(0)).toBe('/');
  });

  it('contain directories ten thousand levels deep', () => {
    const path = 'd/'.repeat(10_000);
    const tree = new FileTree(
      roundTrip(encodeSide(makeInspection([{ path: `${path}file`, size: 7 }]))).entries,
    );
    expect(tree.totals[0]).toBe(7);
    expect(tree.pathOf(tree.count - 1)).toBe(`/${path}file`);
  });

  it('list the largest waste, and count the rest', () => {
    const hidden = Array.from({ length: 5000 }, (_, index) => ({
      path: `/tmp/${index}`,
      size: 5000 - index,
      layer: 0,
      by: 1,
      how: 'deleted' as const,
    }));
    const { waste } = encodeSide(
      makeInspection([], { waste: { bytes: 12_502_500, hidden, duplicates: [] } }),
    );
    expect(waste.hidden.length).toBeLessThan(5000);
    expect(waste.hiddenCount).toBe(5000);
  });

  it('contain the facts of an image, but not its environment', () => {
    const image = builderImage();
    const config = { ...image.image!.config, config: { Env: ['TOKEN=secret'], User: 'me' } };
    const data = encodeSide({ ...image, image: { ...image.image!, config } });
    expect(data.user).toBe('me');
    expect(encodeSide(image).user).toBe('root');
    expect(JSON.stringify(data)).not.toContain('TOKEN');
  });

  it('contain the name of the image, and the target; without a name, the target is the title', () => {
    const image = { ...builderImage(), target: 'builder.tar' };
    const data = encodeSide(image);
    expect(data.title).toBe('app-builder:latest');
    expect(data.facts).toContainEqual(['Target', 'builder.tar']);
    const unnamed = encodeSide({ ...image, image: { ...image.image!, names: [] } });
    expect(unnamed.title).toBe('builder.tar');
    const tagged = { ...image, image: { ...image.image!, names: ['1.2'] } };
    expect(encodeSide({ ...tagged, target: 'layout' }).title).toBe('layout:1.2');
    const target = 'oci-layout://layout:1.2';
    expect(encodeSide({ ...tagged, target }).title).toBe(target);
  });

  it('refer to the entries of both sides of a difference', async () => {
    const [before, after] = [builderImage(), runtimeImage()];
    const other = { inspection: after, difference: difference(before, after) };
    const data = dataOf(await pageOf({ inspection: before, other }));
    const [old, now] = data.sides.map((side) => new FileTree(side.entries));
    expect(data.difference).toMatchObject({ before: before.size, after: after.size });
    const told = other.difference.entries.map(({ path, how, from }, line) => {
      const was = data.difference?.old[line] as number;
      const is = data.difference?.now[line] as number;
      expect(data.difference?.changes[line]).toBe(how[0]);
      expect(was < 0 ? undefined : old?.pathOf(was)).toBe(
        how === 'new' ? undefined : (from ?? path),
      );
      expect(is < 0 ? undefined : now?.pathOf(is)).toBe(how === 'gone' ? undefined : path);
      return how;
    });
    expect(new Set(told)).toEqual(new Set(['gone', 'stayed', 'new', 'changed', 'moved']));
  });
});

function roundTrip<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}
