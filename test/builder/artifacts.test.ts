import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { joined } from '../../src/builder/artifacts.js';
import { DockerceptionError } from '../../src/errors.js';
import { filter } from '../../src/filter.js';

it('artifacts that fail before they are read pass their error to a later reader', async () => {
  const gone = new DockerceptionError('engine', 'ENGINE_UNREACHABLE', 'reaching the engine');
  const archive = new Readable({ read: () => void archive.destroy(gone) });
  const source = { name: 'the artifact', stream: archive, complete: Promise.resolve() };
  const parts = [{ source, edit: () => undefined }];
  const context = joined('the artifacts', parts, new AbortController().signal);
  await sleep(50);
  await expect(filter({ context }).toArray()).rejects.toBe(gone);
});
