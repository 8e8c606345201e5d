/** Trees and links as deep as an archive can make them: no stack ends, and nothing grows by squares. */
import { describe, expect, it } from 'vitest';
import { find, walk } from '../../src/inspect/entry.js';
import { inspectionJson } from '../../src/inspect/json.js';
import { renderText } from '../../src/inspect/text/render.js';
import { archiveOf, podman } from '../support/inspect/image-forms.js';
import { facts, inspected, list, paths } from '../support/inspect/scan.js';
import { header, long, member, tar } from '../support/write-tar.js';

const deep = (depth: number): string => 'd/'.repeat(depth);
const soft = (name: string, target: string): Buffer =>
  Buffer.concat([
    long('L', name),
    long('K', target),
    header({ name: 'x', typeflag: '2', linkname: 'x', magic: 'gnu' }),
  ]);
const file = (name: string): Buffer =>
  Buffer.concat([long('L', name), member({ name: 'x', body: 'x', magic: 'gnu' })]);
const image = (...members: readonly Buffer[]): Buffer => imageOf(members);
const imageOf = (members: readonly Buffer[]): Buffer =>
  archiveOf(podman({ layers: [tar(Buffer.concat(members))] }));

/** The longest path that Linux takes has 4,095 bytes. */
const MOST = 2047;

describe('directories', () => {
  it(`${MOST} deep are walked, shown, listed and written`, async () => {
    const name = `${deep(MOST)}f`;
    for (const bytes of [tar(file(name)), image(file(name), file(`${deep(MOST)}f`))]) {
      const found = await inspected(bytes, { chunk: 700 });
      expect([...walk(found.root)]).toHaveLength(MOST + 2);
      expect(find(found.root, `/${name}`)?.total).toBe(1);
      expect(list(found).at(-1)).toMatch(/d\/f$/);
      expect([...inspectionJson(found)].length).toBeGreaterThan(MOST);
      for (const bars of [true, false])
        for (const all of [true, false]) {
          const look = { colour: true, bars, width: 80, all };
          expect([...renderText(found, look)].join('\n')).toContain('f');
        }
      expect(facts(found)).toBeTypeOf('object');
    }
  });

  it.each([MOST + 1, 10_000, 100_000])('%i deep are refused', async (depth) => {
    for (const bytes of [tar(file(`${deep(depth)}f`)), image(file(`${deep(depth)}f`))])
      await expect(inspected(bytes)).rejects.toMatchObject({ kind: 'context', code: 'TAR_NAME' });
  });

  it('that links lead to, one below the other, are refused when no path leads so deep', async () => {
    const [down, links] = [deep(1000), [soft('l0', deep(1000))]];
    for (let at = 1; at < 40; at++) links.push(soft(`l${at}`, `l${at - 1}/${down}`));
    const few = await inspected(image(...links, file('l0/f'), file('l1/f')));
    expect(paths(few).filter((path) => path.endsWith('f'))).toEqual([
      `/${deep(2000)}f`,
      `/${down}f`,
    ]);
    const files = links.map((_, at) => file(`l${at}/f`));
    for (const bytes of [image(...links, ...files), tar(...links, ...files)])
      await expect(inspected(bytes)).rejects.toMatchObject({ kind: 'context', code: 'TAR_NAME' });
  });
});

describe('links', () => {
  const chain = (count: number): Buffer[] =>
    Array.from({ length: count }, (_, at) =>
      header({ name: `l${at}`, typeflag: '2', linkname: `l${at + 1}` }),
    );

  it.each([
    ['in a circle', [soft('a', 'b'), soft('b', 'a'), file('a/x')]],
    ['to themselves', [soft('a', 'a/a'), file('a/x')]],
    ['100,000 after each other', chain(100_000).concat(file('l0/x'))],
  ])('%s, with something behind them, are refused', async (_, members) => {
    for (const bytes of [tar(Buffer.concat(members)), imageOf(members)])
      await expect(inspected(bytes)).rejects.toMatchObject({
        kind: 'context',
        code: 'BUILD_LINKS',
      });
  });

  it('100,000 links in a chain are shown', async () => {
    const found = await inspected(imageOf(chain(100_000)));
    expect(found.root.children?.size).toBe(100_000);
    expect(find(found.root, '/l0')).toBeUndefined();
    expect(find(found.root, '/l99980')).toBeUndefined();
  });

  it('out of the root are held there in an image, and refused in a context', async () => {
    const out = [
      soft('up', '../../../etc'),
      soft('abs', '/etc'),
      file('up/passwd'),
      file('abs/shadow'),
    ];
    const found = await inspected(image(...out));
    expect(paths(found)).toEqual(['/abs', '/etc/', '/etc/passwd', '/etc/shadow', '/up']);
    await expect(inspected(tar(...out))).rejects.toMatchObject({
      kind: 'context',
      code: 'BUILD_ESCAPES',
    });
  });
});

describe('names', () => {
  it.each(['../x', 'a/../../x', '/../x', '..'])('%s are refused', async (name) => {
    for (const bytes of [tar(file(name)), image(file(name))]) {
      const refused = { kind: 'context', code: 'TAR_UNSAFE' };
      await expect(inspected(bytes), name).rejects.toMatchObject(refused);
    }
  });

  it('that are absolute are below the root', async () => {
    const members = [
      file('/etc/passwd'),
      file('//x'),
      header({ name: '/h', typeflag: '1', linkname: '/etc/passwd' }),
    ];
    for (const bytes of [tar(...members), image(...members)])
      expect(paths(await inspected(bytes))).toEqual(['/etc/', '/etc/passwd', '/h', '/x']);
  });

  it('of hard links to nothing, to a directory, or outside are refused', async () => {
    for (const target of ['nothing', 'd', '../../etc/passwd', 'd/../../x']) {
      const members = [
        header({ name: 'd/', typeflag: '5' }),
        header({ name: 'h', typeflag: '1', linkname: target }),
      ];
      for (const bytes of [tar(...members), image(...members)])
        await expect(inspected(bytes), target).rejects.toMatchObject({
          kind: 'context',
          code: expect.stringMatching(/^TAR_(?:LINK|UNSAFE)$/) as string,
        });
    }
  });
});
