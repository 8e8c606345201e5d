import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { programStream } from '../../../src/engine/buildkit/program-stream.js';

const shell = (script: string) => programStream('sh', ['-c', script], process.env);

/** Whether a process runs; one whose exit code was not read yet does not. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function ends(pid: number): Promise<void> {
  while (isRunning(pid)) await sleep(20);
}

describe('a stream through a program', () => {
  it('forwards both directions, a byte at a time', async () => {
    const stream = shell('exec cat');
    const sent = randomBytes(500);
    const received = buffer(stream);
    for (const byte of sent) stream.write(Buffer.of(byte));
    stream.end();
    expect(await received).toEqual(sent);
  });

  it('reads no more than its reader does', async () => {
    const stream = shell('exec cat /dev/zero');
    await once(stream, 'readable');
    await sleep(300);
    expect(stream.readableLength).toBeLessThan(1 << 20);
    stream.destroy();
  });

  it('accepts no more than the program reads', async () => {
    const stream = shell('exec sleep 60');
    const chunk = Buffer.alloc(64 << 10);
    let accepted = 0;
    while (stream.write(chunk, () => (accepted += chunk.length)));
    await sleep(300);
    expect(accepted).toBeLessThan(1 << 20);
    expect(stream.writableLength).toBeLessThan(1 << 20);
    stream.destroy();
  });

  it('loses nothing with a slow reader', async () => {
    const data = randomBytes(4 << 20);
    const stream = shell('exec cat');
    const hash = createHash('sha256');
    await pipeline(Readable.from([data]), stream, async function (chunks: AsyncIterable<Buffer>) {
      let count = 0;
      for await (const chunk of chunks) {
        hash.update(chunk);
        if (count++ % 16 === 0) await sleep(1);
      }
    });
    expect(hash.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'));
  });

  it('has the answer of a program that has closed its input', async () => {
    const stream = shell('exec <&-; sleep 0.1; echo answer');
    stream.write(Buffer.alloc(1 << 20));
    stream.end();
    expect((await buffer(stream)).toString()).toBe('answer\n');
  });

  it('ends the input of the program, whose output continues', async () => {
    const stream = shell('cat >/dev/null; sleep 0.1; echo over');
    stream.end('input');
    expect((await buffer(stream)).toString()).toBe('over\n');
  });

  it('keeps the output of a program that has ended', async () => {
    const stream = shell('head -c 100000 /dev/zero');
    await sleep(200);
    expect((await buffer(stream)).length).toBe(100_000);
  });

  it.each([
    ['fails', 'echo some; echo one >&2; echo why >&2; exit 3', 'sh ended with 3: one / why'],
    ['is killed', 'echo some; kill -9 $$', 'sh ended with SIGKILL: it said nothing'],
    ['ends at once', 'echo nothing to do >&2', 'sh ended with 0: nothing to do'],
  ])('fails if the program %s', async (_, script, message) => {
    await expect(buffer(shell(script))).rejects.toThrow(message);
  });

  it('fails if there is no such program', async () => {
    const stream = programStream('no-such-program', [], process.env);
    await expect(buffer(stream)).rejects.toThrow('spawn no-such-program ENOENT');
  });

  it.each([
    ['', 'and what it has started'],
    ['trap "" TERM; ', 'even if it ignores SIGTERM'],
  ])('ends the program when it is destroyed: %s%s', async (trap) => {
    const stream = shell(`${trap}sleep 60 & echo $$ $!; wait; sleep 60`);
    const [text] = (await once(stream, 'data')) as [Buffer];
    const [program = NaN, child = NaN] = text.toString().trim().split(' ').map(Number);
    expect([isRunning(program), isRunning(child)]).toEqual([true, true]);
    stream.destroy();
    await Promise.all([ends(program), ends(child)]);
  });
});
