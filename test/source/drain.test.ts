import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { drain } from '../../src/source/drain.js';

/** A promise, and what settles it. */
function deferred(): { promise: Promise<void>; resolve: () => void; reject: (e: Error) => void } {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const never = (): Promise<void> => new Promise(() => undefined);

describe('drain', () => {
  it('resolves only after the last chunk was consumed, though the stream has ended', async () => {
    const stream = Readable.from([Buffer.from('one'), Buffer.from('two')], { objectMode: false });
    const last = deferred();
    const seen: string[] = [];
    let isDrained = false;
    const draining = drain(stream, (chunk) => {
      seen.push(chunk.toString());
      return seen.length === 2 ? last.promise : Promise.resolve();
    }).then(() => (isDrained = true));
    await sleep(30);
    expect(seen).toEqual(['one', 'two']);
    expect(isDrained).toBe(false);
    last.resolve();
    await draining;
  });

  it('calls its consumer again only after the promise has settled', async () => {
    let atWork = 0;
    let most = 0;
    const chunks = Array.from({ length: 50 }, (_, i) => Buffer.from([i]));
    await drain(Readable.from(chunks, { objectMode: false }), async () => {
      most = Math.max(most, ++atWork);
      await sleep(1);
      atWork--;
    });
    expect(most).toBe(1);
  });

  it('rejects with what its consumer rejects with after the stream has ended', async () => {
    const last = deferred();
    const draining = drain(Readable.from([Buffer.from('x')]), () => last.promise);
    await sleep(20);
    const failure = new Error('the reader has gone');
    last.reject(failure);
    await expect(draining).rejects.toBe(failure);
  });

  it('calls its consumer no more after that has failed', async () => {
    const chunks = Array.from({ length: 10 }, (_, i) => Buffer.from([i]));
    let calls = 0;
    const stream = Readable.from(chunks, { objectMode: false });
    const failing = drain(stream, () => {
      if (++calls === 3) throw new Error('no tar');
      return Promise.resolve();
    });
    await expect(failing).rejects.toThrowError('no tar');
    await sleep(20);
    expect(calls).toBe(3);
  });

  it('rejects with the stream’s error while the consumer is stalled', async () => {
    const stream = new PassThrough();
    stream.write('x');
    const draining = drain(stream, never);
    await sleep(20);
    const failure = new Error('socket hang up');
    stream.destroy(failure);
    await expect(draining).rejects.toBe(failure);
  });

  it('settles for a stream that has ended, failed or was destroyed before', async () => {
    const ended = Readable.from([]);
    ended.resume();
    const failed = new PassThrough();
    failed.on('error', () => undefined).destroy(new Error('gone before'));
    const destroyed = new PassThrough();
    destroyed.destroy();
    await sleep(20);
    await drain(ended, never);
    await expect(drain(failed, never)).rejects.toThrowError('gone before');
    await expect(drain(destroyed, never)).rejects.toThrowError('the stream was closed');
  });

  it('rejects when the stream is closed without an end', async () => {
    const stream = new PassThrough();
    const draining = drain(stream, () => undefined);
    stream.write('x');
    stream.destroy();
    await expect(draining).rejects.toThrowError('the stream was closed');
  });
});
