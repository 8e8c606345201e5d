/** An image that an engine has built, where its archive can't be read. */
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { imageCheck } from '../../../src/inspect/check.js';
import type { Limits } from '../../../src/options/limits.js';
import type { ProgressEvent } from '../../../src/progress/events.js';
import { member, tar } from '../../support/write-tar.js';

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

it('is reported as not checked, and the build succeeds', async () => {
  const events: ProgressEvent[] = [];
  const report = (event: ProgressEvent): void => void events.push(event);
  const { signal } = new AbortController();
  await imageCheck({ name: 'app', findings: true, report, signal }).stored(image);
  expect(events).toEqual([
    { kind: 'notice', message: expect.stringMatching(/^not checked: reading app: /) as string },
  ]);
});

it('fails if a limit is set, which can’t be checked', async () => {
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

describe('an engine that sends nothing', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  /** Checks an image of which the engine sends the first bytes alone, and waits as long as is said. */
  const stalled = async (
    milliseconds: number,
    limits?: Limits,
  ): Promise<{ messages: string[]; outcome: Promise<unknown>; stream: Readable }> => {
    const messages: string[] = [];
    const stream = new Readable();
    const waiting = new Promise<void>((resolve) => {
      stream._read = () => {
        stream.push(tar(member({ name: 'oci-layout', body: '{}' })).subarray(0, 1024));
        stream._read = () => resolve();
      };
    });
    const check = imageCheck({
      name: 'app',
      limits,
      findings: true,
      report: (event) => void (event.kind === 'notice' && messages.push(event.message)),
      signal: new AbortController().signal,
    });
    const outcome = check
      .stored({ ...image, open: () => Promise.resolve(stream) })
      .then(() => 'passed')
      .catch((error: unknown) => error);
    await waiting;
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(milliseconds);
    return { messages, outcome, stream };
  };

  it('is reported after 10 s', async () => {
    const { messages, stream } = await stalled(10_000);
    expect(messages).toEqual(['checking app: waiting for the engine to send the image']);
    expect(stream.destroyed).toBe(false);
    stream.destroy();
  });

  it('fails the build after 30 s with a limit', async () => {
    const { outcome, stream } = await stalled(30_001, { mustRun: true });
    expect(await outcome).toMatchObject({
      kind: 'engine',
      code: 'ENGINE_STALLED',
      message: 'checking app: the engine sent nothing for 30 s',
    });
    expect(stream.destroyed).toBe(true);
  });

  it('leaves the image unchecked after 30 s without a limit', async () => {
    const { messages, outcome } = await stalled(30_001);
    expect(await outcome).toBe('passed');
    expect(messages.at(-1)).toBe('not checked: checking app: the engine sent nothing for 30 s');
  });
});
