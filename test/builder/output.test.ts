import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BuilderOutput } from '../../src/builder/output.js';
import { FakeConnection, frame, inChunks } from './streams.js';

const PIECE = 64 << 10;

function open(showsAll = false): {
  readonly connection: FakeConnection;
  readonly output: BuilderOutput;
  readonly shown: () => string;
} {
  const connection = new FakeConnection();
  const parts: Buffer[] = [];
  const output = new BuilderOutput(connection, (bytes) => void parts.push(bytes), showsAll);
  return { connection, output, shown: () => Buffer.concat(parts).toString() };
}

const settled = async (): Promise<void> => {
  for (let count = 0; count < 20; count++) await turn();
};

describe('the output of a builder', () => {
  it.each([1, 3, 8, 1000])('is only its standard output, in chunks of %i', async (size) => {
    const { connection, output, shown } = open();
    const all = Buffer.concat([frame(1, 'a tar, '), frame(2, 'a remark\n'), frame(1, 'its end')]);
    connection.send(...inChunks(all, size), null);
    await output.rest();
    output.finish();
    expect(await text(output)).toBe('a tar, its end');
    expect(shown()).toBe('a remark\n');
  });

  it('does not end with the connection, but with finish()', async () => {
    const { connection, output } = open();
    let ended = false;
    const all = text(output).finally(() => (ended = true));
    connection.send(frame(1, 'all of it'), null);
    await output.rest();
    await sleep(20);
    expect(ended).toBe(false);
    output.finish();
    expect(await all).toBe('all of it');
  });

  it('is destroyed with the reason where it is not good, and never ends', async () => {
    const { connection, output } = open();
    connection.send(frame(1, 'half of it'));
    const all = text(output);
    await settled();
    output.destroy(new Error('it exited with 9'));
    await expect(all).rejects.toThrow('it exited with 9');
    output.finish();
    expect(output.readableEnded).toBe(false);
  });

  it('makes the engine wait for a slow reader', async () => {
    const { connection, output } = open();
    const pieces = 64;
    for (let count = 0; count < pieces; count++) connection.send(frame(1, Buffer.alloc(PIECE, 1)));
    connection.send(null);
    await settled();
    // Its own buffer, the one piece that was on the way, and no more.
    expect(connection.taken).toBeLessThanOrEqual(6);
    expect(output.readableLength).toBeLessThanOrEqual(6 * PIECE);
    let bytes = 0;
    for await (const chunk of output) {
      bytes += (chunk as Buffer).length;
      expect(output.readableLength).toBeLessThanOrEqual(8 * PIECE);
      await turn();
      if (bytes === pieces * PIECE) output.finish();
    }
    expect(bytes).toBe(pieces * PIECE);
  });

  it('shows standard error only as far as the output was read', async () => {
    const { connection, output, shown } = open();
    for (let count = 0; count < 8; count++) connection.send(frame(1, Buffer.alloc(PIECE)));
    connection.send(frame(2, 'at last'));
    await settled();
    expect(shown()).toBe('');
    output.resume();
    await settled();
    expect(shown()).toBe('at last');
  });

  it('is read to its end at once when the builder has ended, even with a slow reader', async () => {
    const { connection, output } = open();
    for (let count = 0; count < 16; count++) connection.send(frame(1, Buffer.alloc(PIECE, 7)));
    connection.send(null);
    await settled();
    expect(connection.taken).toBeLessThan(16);
    await output.rest();
    expect(connection.taken).toBe(17);
    output.finish();
    let bytes = 0;
    for await (const chunk of output) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(16 * PIECE);
  });

  it('is discarded after its reader has destroyed it, and standard error is still shown', async () => {
    const { connection, output, shown } = open();
    for (let count = 0; count < 16; count++) connection.send(frame(1, Buffer.alloc(PIECE)));
    await settled();
    output.destroy();
    connection.send(frame(2, 'the reason'), null);
    await output.over;
    expect(shown()).toBe('the reason');
    expect(output.readableLength).toBeLessThanOrEqual(6 * PIECE);
  });

  it('is shown with the remarks where it is not the context', async () => {
    const { connection, output, shown } = open(true);
    connection.send(frame(1, 'out '), frame(2, 'err '), frame(1, Buffer.alloc(PIECE, 'x')), null);
    await output.rest();
    output.finish();
    expect(await text(output)).toBe('');
    expect(shown()).toBe(`out err ${'x'.repeat(PIECE)}`);
  });

  it('that is no frames is destroyed with that error, and its connection closed', async () => {
    const { connection, output } = open();
    connection.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n'));
    const [error] = (await once(output.resume(), 'error')) as [Error];
    expect(error).toMatchObject({ kind: 'engine', code: 'ENGINE_ANSWER' });
    await output.over;
    expect(connection.destroyed).toBe(true);
  });

  it('is over when the connection breaks; why is for others to tell', async () => {
    const { connection, output } = open();
    connection.send(frame(1, 'some'));
    connection.destroy(new Error('ECONNRESET'));
    await output.rest();
    expect(output.destroyed).toBe(false);
  });

  it('closes its connection, and may be closed again', async () => {
    const { connection, output } = open();
    output.close();
    output.close();
    await output.over;
    expect([connection.destroyed, output.destroyed]).toEqual([true, true]);
  });
});
