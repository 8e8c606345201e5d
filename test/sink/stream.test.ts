import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { StreamSink } from '../../src/sink/stream.js';

describe('a stream sink', () => {
  test('gives what was written, though the caller overwrites its bytes', async () => {
    const sink = new StreamSink();
    const reading = buffer(sink.stream);
    const reused = Buffer.from('first ');
    sink.write(reused);
    reused.write('second');
    sink.write(reused);
    await sink.end();
    expect((await reading).toString()).toBe('first second');
  });

  test('has its caller wait while nobody reads', async () => {
    const sink = new StreamSink();
    sink.write(Buffer.alloc(1024));
    expect(sink.ready()).toBeUndefined();
    sink.write(Buffer.alloc(1024 * 1024));
    let ready = false;
    const waiting = sink.ready()?.then(() => (ready = true));
    expect(waiting).toBeInstanceOf(Promise);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ready).toBe(false);
    sink.stream.resume();
    await waiting;
    expect(ready).toBe(true);
    expect(sink.ready()).toBeUndefined();
  });

  test('gives the same promise when it is asked again', async () => {
    const sink = new StreamSink();
    sink.write(Buffer.alloc(1024 * 1024));
    const waiting = sink.ready();
    expect(sink.ready()).toBe(waiting);
    expect(sink.stream.listenerCount('drain')).toBe(1);
    sink.stream.resume();
    await waiting;
    expect(sink.ready()).toBeUndefined();
  });

  test('that is destroyed fails its reader with the reason, and its waiting writer', async () => {
    const sink = new StreamSink();
    sink.write(Buffer.alloc(1024 * 1024));
    const waiting = expect(sink.ready()).rejects.toThrowError('the first error');
    const reading = new Promise((resolve) => sink.stream.once('error', resolve));
    sink.destroy(new Error('the first error'));
    await waiting;
    expect(await reading).toMatchObject({ message: 'the first error' });
    await expect(sink.ready()).rejects.toThrowError('the first error');
  });

  test('says so when its reader has gone', async () => {
    const sink = new StreamSink();
    sink.stream.destroy();
    sink.write(Buffer.from('lost'));
    await expect(sink.ready()).rejects.toThrowError(/closed the context/);
  });
});
