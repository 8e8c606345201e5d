/** Findings of an image that BuildKit exports come from the context, and the image is not read. */
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import { build } from '../../../src/build.js';
import * as stored from '../../../src/inspect/read/read-stored.js';
import type { ProgressEvent } from '../../../src/progress/events.js';
import { contextOf, file, key } from '../../support/inspect/observed.js';
import type { RemoteBuildKit } from '../buildkit/bridge.js';
import { useBuildKit } from '../buildkit/docker28.js';
import { engines } from '../engines.js';
import type { Shell } from '../support.js';

let shell: Shell;
let buildkit: RemoteBuildKit;
useBuildKit((opened) => ({ shell, buildkit } = opened));
vi.mock('../../../src/inspect/read/read-image.js', { spy: true });
vi.mock('../../../src/inspect/read/read-stored.js', { spy: true });
afterEach(() => void vi.clearAllMocks());

it.each([
  ['an archive', false],
  ['a registry', true],
])('are reported without reading %s', async (_, push) => {
  const name = shell.name();
  const dest = join(shell.folder, `${name}.tar`);
  const events: ProgressEvent[] = [];
  await build({
    engine: 'buildkit',
    builder: buildkit.address,
    env: { HOME: shell.folder },
    context: Readable.from([contextOf(['COPY . /'], file('key.pem', key))]),
    tags: [push ? `${engines.registry.address}/${name}:1` : name],
    push,
    outputs: push ? [] : [{ type: 'oci', dest, attributes: {} }],
    report: (event) => void events.push(event),
  });
  const found = events.flatMap((event) => (event.kind === 'finding' ? [event.id] : []));
  expect(found).toEqual(['private-key']);
  expect(stored.inspectStored).not.toHaveBeenCalled();
  const { readImage } = await import('../../../src/inspect/read/read-image.js');
  expect(readImage).not.toHaveBeenCalled();
});
