/** An image that an engine has built, where its archive can't be read. */
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { imageCheck } from '../../src/inspect/check.js';
import type { ProgressEvent } from '../../src/progress/events.js';
import { member, tar } from '../support/write-tar.js';

/** An index that names a manifest which isn't there: Engine 28 gives such archives of some images. */
function incomplete(): Promise<Readable> {
  const manifests = [
    {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: `sha256:${'0'.repeat(64)}`,
      size: 500,
    },
  ];
  const index = JSON.stringify({ schemaVersion: 2, manifests });
  const layout = member({ name: 'oci-layout', body: '{"imageLayoutVersion":"1.0.0"}' });
  return Promise.resolve(Readable.from([tar(layout, member({ name: 'index.json', body: index }))]));
}

const image = { id: `sha256:${'1'.repeat(64)}`, size: 1000, open: incomplete };

it('is said not to have been looked into: the build is good all the same', async () => {
  const events: ProgressEvent[] = [];
  const report = (event: ProgressEvent): void => void events.push(event);
  const { signal } = new AbortController();
  await imageCheck({ name: 'app', findings: true, report, signal }).stored(image);
  expect(events).toEqual([
    { kind: 'notice', message: expect.stringMatching(/^not checked: reading app: /) as string },
  ]);
});

it('fails where a limit was asked for, which nobody could hold it against', async () => {
  const { signal } = new AbortController();
  const check = imageCheck({
    name: 'app',
    limits: { mustRun: true },
    findings: true,
    report: () => undefined,
    signal,
  });
  await expect(check.stored(image)).rejects.toThrow(/reading app: /);
});
