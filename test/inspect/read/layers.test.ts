/** What layers make of each other, as one image. */
import { describe, expect, it } from 'vitest';
import type { Inspection } from '../../../src/inspect/inspection.js';
import { archiveOf, layoutFiles, podman } from '../../support/inspect/image-forms.js';
import { at, CHUNKS, facts, inspected, paths } from '../../support/inspect/scan.js';
import { header, member, tar } from '../../support/write-tar.js';

const file = (name: string, body: string, mode = 0o644): Buffer => member({ name, body, mode });
const folder = (name: string, mode = 0o755): Buffer => header({ name, typeflag: '5', mode });
const hard = (name: string, linkname: string): Buffer => header({ name, typeflag: '1', linkname });
const soft = (name: string, linkname: string): Buffer => header({ name, typeflag: '2', linkname });

/** An image of these layers, each of these members; in all sizes of chunks it is the same. */
async function image(...layers: readonly (readonly Buffer[])[]): Promise<Inspection> {
  const archive = archiveOf(podman({ layers: layers.map((members) => tar(...members)) }));
  const [first, ...others] = await Promise.all(
    CHUNKS.map((chunk) => inspected(archive, { chunk })),
  );
  for (const other of others) expect(facts(other)).toEqual(facts(first as Inspection));
  return first as Inspection;
}

/** Added, changed, removed of each layer. */
const counts = ({ layers }: Inspection): number[][] =>
  layers.map(({ added, changed, removed }) => [added, changed, removed]);

const hidden = ({ waste }: Inspection): string[] =>
  waste.hidden.map(
    ({ path, size, layer, by, how }) => `${path} ${size} of ${layer} ${how} by ${by}`,
  );

describe('owners that a rootless engine can’t map', () => {
  const owned = (name: string, uid: number, gid = 0): Buffer =>
    member({ name, body: 'x', uid, gid });

  it('are found in every layer, also where a later one hides or changes them', async () => {
    const layers = [
      tar(owned('hidden', 70_000), owned('changed', 0, 70_000), owned('mapped', 65_535, 65_535)),
      tar(owned('changed', 0), header({ name: '.wh.hidden' })),
      tar(header({ name: 'folder/', typeflag: '5', uid: 65_536, gid: 0 })),
    ];
    const { unmappable } = await inspected(archiveOf(layoutFiles({ layers })));
    expect(unmappable.count).toBe(3);
    expect(unmappable.first).toEqual(
      expect.arrayContaining([
        { path: '/hidden', uid: 70_000, gid: 0, layer: 0 },
        { path: '/changed', uid: 0, gid: 70_000, layer: 0 },
        { path: '/folder', uid: 65_536, gid: 0, layer: 2 },
      ]),
    );
  });
});

describe('whiteouts', () => {
  it('remove a file, and a directory with its contents', async () => {
    const found = await image(
      [folder('a/'), file('a/x', '1'), folder('a/b/'), file('a/b/y', '22'), file('c', '333')],
      [file('a/.wh.b', ''), file('.wh.c', '')],
    );
    expect(paths(found)).toEqual(['/a/', '/a/x']);
    expect(counts(found)).toEqual([
      [5, 0, 0],
      [0, 0, 3],
    ]);
    expect(hidden(found)).toEqual(['/c 3 of 0 deleted by 1', '/a/b/y 2 of 0 deleted by 1']);
    expect(found.layers.map(({ wasted }) => wasted)).toEqual([5, 0]);
    expect(found.size).toBe(6);
    expect(found.root.total).toBe(1);
  });

  it('keep the entries of their own layer, in any order', async () => {
    const found = await image(
      [folder('a/'), file('a/old', 'x'), file('b', 'x')],
      [
        ...[folder('a/'), file('a/new', 'y'), file('a/.wh..wh..opq', ''), file('a/late', 'z')],
        ...[file('b', 'new'), file('.wh.b', '')],
      ],
    );
    expect(paths(found)).toEqual(['/a/', '/a/late', '/a/new', '/b']);
    expect(at(found, '/b').size).toBe(3);
    expect(hidden(found)).toEqual(['/a/old 1 of 0 deleted by 1', '/b 1 of 0 overwritten by 1']);
  });

  it('of a whole folder remove what their own layer only repeats', async () => {
    const found = await image(
      [folder('a/'), folder('a/b/'), file('a/b/old', 'x'), folder('a/c/'), file('a/c/old', 'x')],
      [folder('a/'), folder('a/b/'), file('a/b/new', 'y'), file('a/.wh..wh..opq', '')],
    );
    expect(paths(found)).toEqual(['/a/', '/a/b/', '/a/b/new']);
  });

  it('of everything leave an empty root', async () => {
    const found = await image(
      [folder('a/'), file('a/x', '1'), file('b', '2')],
      [file('.wh..wh..opq', '')],
    );
    expect(paths(found)).toEqual([]);
    expect(found.root.total).toBe(0);
    expect(found.waste.bytes).toBe(2);
  });

  it('of what is not there, and of odd names, do nothing', async () => {
    const names = ['.wh.nothing', '.wh.', '.wh...', '.wh..', '.wh..wh.plnk', '.wh..wh.'];
    const found = await image(
      [file('a', '1')],
      names.map((name) => file(name, '')),
    );
    expect(paths(found)).toEqual(['/a']);
    expect(counts(found)[1]).toEqual([0, 0, 0]);
  });

  it('reach through links', async () => {
    const found = await image(
      [folder('usr/'), folder('usr/lib/'), file('usr/lib/x', '1'), soft('lib', 'usr/lib')],
      [file('lib/.wh.x', '')],
    );
    expect(paths(found)).toEqual(['/lib', '/usr/', '/usr/lib/']);
    expect(hidden(found)).toEqual(['/usr/lib/x 1 of 0 deleted by 1']);
  });
});

describe('a replaced entry', () => {
  it('is a file for a directory, and a directory again', async () => {
    const found = await image(
      [folder('a/'), file('a/x', '1')],
      [file('a', '22')],
      [folder('a/'), file('a/y', '333')],
    );
    expect(paths(found)).toEqual(['/a/', '/a/y']);
    expect(counts(found)).toEqual([
      [2, 0, 0],
      [0, 1, 1],
      [1, 1, 0],
    ]);
    expect(hidden(found)).toEqual(['/a 2 of 1 overwritten by 2', '/a/x 1 of 0 deleted by 1']);
    expect(at(found, '/a').layer).toBe(2);
  });

  it('is the same file once more: chmod in a later layer costs all of it', async () => {
    const found = await image([file('a', 'same', 0o644)], [file('a', 'same', 0o755)]);
    expect(hidden(found)).toEqual(['/a 4 of 0 overwritten by 1']);
    expect(counts(found)[1]).toEqual([0, 1, 0]);
    expect(at(found, '/a')).toMatchObject({ mode: 0o755, layer: 1 });
    expect(found.size).toBe(8);
  });

  it('is a directory with another mode: what is in it stays where it was', async () => {
    const found = await image([folder('a/'), file('a/x', '1')], [folder('a/', 0o700)]);
    expect(counts(found)[1]).toEqual([0, 1, 0]);
    expect(at(found, '/a')).toMatchObject({ mode: 0o700, layer: 1 });
    expect(at(found, '/a/x').layer).toBe(0);
    expect(found.waste.bytes).toBe(0);
  });

  it('is nothing for a directory that is repeated unchanged', async () => {
    const found = await image([folder('a/'), file('a/x', '1')], [folder('a/'), file('a/y', '2')]);
    expect(counts(found)[1]).toEqual([1, 0, 0]);
    expect(at(found, '/a').layer).toBe(0);
  });

  it('is a file twice in one layer: the last one counts, and no other layer hides it', async () => {
    const found = await image([file('a', '1'), file('a', '22')]);
    expect(at(found, '/a').size).toBe(2);
    expect(hidden(found)).toEqual([]);
    expect(found.layers[0]).toMatchObject({ entries: 2, contents: 3, added: 1 });
  });

  it('is what was hidden, brought back', async () => {
    const found = await image([file('a', 'x')], [file('.wh.a', '')], [file('a', 'x')]);
    expect(hidden(found)).toEqual(['/a 1 of 0 deleted by 1']);
    expect(at(found, '/a').layer).toBe(2);
  });
});

describe('hard links', () => {
  it('across layers are one file: none of it is wasted while a name is left', async () => {
    const found = await image([file('a', '12345')], [hard('b', 'a')], [file('.wh.a', '')]);
    expect(paths(found)).toEqual(['/b']);
    expect(hidden(found)).toEqual([]);
    expect(found.root.total).toBe(5);
    expect(found.size).toBe(5);
  });

  it('are hidden once, when the last name goes', async () => {
    const found = await image(
      [file('a', '12345'), hard('b', 'a'), hard('c', './a')],
      [file('.wh.a', ''), file('.wh.b', ''), file('.wh.c', '')],
    );
    expect(found.waste).toMatchObject({ bytes: 5, duplicates: [] });
    expect(found.waste.hidden).toHaveLength(1);
  });

  it('count once, where the first name is, and are no copies of each other', async () => {
    const found = await image([
      folder('z/'),
      file('z/a', '12345'),
      hard('b', 'z/a'),
      file('c', '12345'),
    ]);
    expect(at(found, '/b')).toMatchObject({ total: 5, files: 1 });
    expect(at(found, '/z')).toMatchObject({ total: 0, files: 1 });
    expect(found.root).toMatchObject({ total: 10, files: 3 });
    expect(at(found, '/b').links).toBe(at(found, '/z/a').links);
    expect(found.waste.duplicates).toEqual([{ size: 5, wasted: 5, paths: ['/b', '/c'] }]);
  });

  it('give all names what the last one says of owner and mode', async () => {
    const found = await image([
      file('a', '1', 0o644),
      header({ name: 'b', typeflag: '1', linkname: 'a', mode: 0o755, uid: 5, gid: 6 }),
      header({ name: 'c', typeflag: '1', linkname: 'b', mode: 0o700, uid: 7, gid: 8 }),
    ]);
    for (const path of ['/a', '/b', '/c'])
      expect(at(found, path)).toMatchObject({ mode: 0o700, uid: 7, gid: 8 });
    expect(at(found, '/a').links).toBe(at(found, '/c').links);
  });

  it('of links and of what leads through links are found', async () => {
    const found = await image(
      [soft('s', 'nowhere'), hard('t', 's'), folder('d/'), file('d/x', '1')],
      [soft('e', 'd'), hard('y', 'e/x')],
    );
    expect(at(found, '/t')).toMatchObject({ kind: 'symlink', target: 'nowhere' });
    expect(at(found, '/y').size).toBe(1);
  });

  it('that are many cost no more than their number', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) =>
      header({
        name: `l${index}`,
        typeflag: '1',
        linkname: index % 2 ? 'a' : `l${index - 1}`,
        uid: index,
      }),
    );
    many[0] = hard('l-1', 'a');
    const archive = archiveOf(podman({ layers: [tar(file('a', '1'), ...many)] }));
    const started = performance.now();
    const found = await inspected(archive, { chunk: 1 << 20 });
    expect(found.root.files).toBe(20_001);
    expect(at(found, '/a').uid).toBe(19_999);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('contents', () => {
  it('that are equal are reported with all of their names', async () => {
    const found = await image(
      [file('b', 'same'), file('a', 'same')],
      [file('c', 'same'), file('e', ''), file('f', '')],
    );
    expect(found.waste.duplicates).toEqual([{ size: 4, wasted: 8, paths: ['/a', '/b', '/c'] }]);
    expect(found.waste.bytes).toBe(8);
  });
});

describe('an image', () => {
  it('may have layers without anything', async () => {
    const found = await image([], [file('a', '1')], []);
    expect(counts(found)).toEqual([
      [0, 0, 0],
      [1, 0, 0],
      [0, 0, 0],
    ]);
    expect(found.layers.map(({ raw, contents }) => [raw, contents])).toEqual([
      [1024, 0],
      [2048, 1],
      [1024, 0],
    ]);
  });

  it('may have no layers', async () => {
    const found = await image();
    expect(found).toMatchObject({ kind: 'image', layers: [], size: 0 });
    expect(paths(found)).toEqual([]);
  });

  it('may be for Windows', async () => {
    const config = {
      os: 'windows',
      'os.version': '10.0.20348.1',
      config: { Cmd: ['c:\\app.exe'] },
    };
    const layers = [tar(folder('Files/'), file('Files/app.exe', 'MZ'), folder('Hives/'))];
    const found = await inspected(archiveOf(podman({ layers, config })));
    expect(found.image?.platform).toBe('windows/amd64');
    expect(paths(found)).toEqual(['/Files/', '/Files/app.exe', '/Hives/']);
  });

  it('says which instruction made which layer', async () => {
    const history = [
      { created_by: '/bin/sh -c #(nop) ADD file:1 in /' },
      { created_by: 'ENV a=b', empty_layer: true },
      { created_by: 'RUN /bin/sh -c apt-get update # buildkit' },
    ];
    const layers = [tar(file('a', '1')), tar(file('b', '2'))];
    const found = await inspected(archiveOf(podman({ layers, config: { history } })));
    expect(found.layers.map(({ createdBy }) => createdBy)).toEqual([
      'ADD file:1 in /',
      'RUN apt-get update',
    ]);
  });
});
