/** Archives with links to anywhere, with odd names, and those that are not whole. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type Failure,
  image,
  layer,
  LAYOUT,
  layoutWith,
  name,
  PLAIN,
  saved,
} from '../../support/every-way.js';
import { archiveOf, configOf, docker20, index } from '../../support/inspect/image-forms.js';
import { CHUNKS, inspected, list } from '../../support/inspect/scan.js';

describe('links in an archive', () => {
  it('that lead out of it, or in circles, lead to nothing', async () => {
    for (const link of ['/etc/passwd', '../../../../etc/passwd', 'l.tar', 'other/../l.tar']) {
      const files = {
        'l.tar': { link },
        [name]: configOf(image),
        'manifest.json': saved(name, ['l.tar']),
      };
      for (const chunk of CHUNKS)
        await expect(inspected(archiveOf(files), { chunk })).rejects.toMatchObject({
          code: 'IMAGE_INVALID',
        });
    }
    const files = {
      [name]: { link: '/etc/passwd' },
      'l.tar': layer,
      'manifest.json': saved(name, ['l.tar']),
    };
    await expect(inspected(archiveOf(files))).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
  });
});

describe('what is not whole', () => {
  it.each<[string, Buffer]>([
    ['cut between two entries', archiveOf(docker20(image)).subarray(0, -1024)],
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(512)],
    ['text', Buffer.from('hello\n')],
    ['a Dockerfile', Buffer.from('FROM scratch\n')],
    ['a zip archive', Buffer.from(`PK\x03\x04${'x'.repeat(600)}`, 'latin1')],
    ['gzip around nothing', gzipSync('')],
    ['gzip cut short', gzipSync(archiveOf(docker20(image))).subarray(0, -30)],
  ])('%s is refused', async (_, bytes) => {
    for (const chunk of CHUNKS) {
      const outcome = (await inspected(bytes, { chunk }).catch(
        (error: unknown) => error,
      )) as Failure;
      expect(outcome.kind).toBe('context');
      expect(outcome.message).toMatch(PLAIN);
    }
  });

  it('Data after the end of a context is the same error as in a build', async () => {
    const bytes = Buffer.concat([layer, Buffer.from('done\n')]);
    await expect(inspected(bytes)).rejects.toMatchObject({ kind: 'context', code: 'TAR_TRAILING' });
  });
});

it('A name of the archive is shown escaped in what is said of it', async () => {
  const odd = '\x1b[31mred\u202e\n.tar';
  for (const bytes of [
    Buffer.from('text\n'),
    archiveOf(layoutWith({ config: '{}' })),
    archiveOf({ ...LAYOUT, 'index.json': index([]) }),
  ]) {
    const error = (await inspected(bytes, { name: odd }).catch(
      (thrown: unknown) => thrown,
    )) as Failure;
    expect(error.message).toMatch(PLAIN);
  }
  expect(list(await inspected(layer, { name: odd }))).toHaveLength(1);
});
