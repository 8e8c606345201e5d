import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import { openDescriptor } from '../../src/source/descriptor.js';
import { drain } from '../../src/source/drain.js';
import { fileSource } from '../../src/source/open-path.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dockerception-test-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));
const file = path.join(folder, 'file');
fs.writeFileSync(file, Buffer.alloc(3_000_000, 'some text '));

const isOpen = (descriptor: number): boolean =>
  fs.existsSync(`/proc/self/fd/${descriptor}`) &&
  fs.readlinkSync(`/proc/self/fd/${descriptor}`) === file;

test.each([true, false])('a file is closed at its end: %j', async (closes) => {
  const descriptor = fs.openSync(file, 'r');
  const stream = openDescriptor(descriptor, closes);
  expect((await buffer(stream)).equals(fs.readFileSync(file))).toBe(true);
  expect(isOpen(descriptor)).toBe(!closes);
  if (!closes) fs.closeSync(descriptor);
});

test('a file that can not be read fails with the system’s error', async () => {
  const descriptor = fs.openSync(path.join(folder, 'unreadable'), 'w');
  const reading = drain(openDescriptor(descriptor, true), () => undefined);
  await expect(reading).rejects.toMatchObject({ code: 'EBADF' });
});

test('a file is read no further after its stream is destroyed', async () => {
  const descriptor = fs.openSync(file, 'r');
  const stream = openDescriptor(descriptor, false);
  let chunks = 0;
  const reading = drain(stream, () => {
    chunks++;
    stream.destroy(new Error('stop'));
    return undefined;
  });
  await expect(reading).rejects.toThrowError('stop');
  fs.closeSync(descriptor);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(chunks).toBe(1);
});

test('timers run while a file is read', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const large = path.join(folder, 'large');
  fs.writeFileSync(large, '');
  fs.truncateSync(large, 1 << 28);
  await drain(openDescriptor(fs.openSync(large, 'r'), true), () => undefined);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(3);
});

test('a named pipe is read by its path', async () => {
  const fifo = path.join(folder, 'fifo');
  const writer = execFile('sh', ['-c', 'mkfifo "$0"; echo made; cat "$1" > "$0"', fifo, file]);
  await new Promise((resolve) => writer.stdout?.once('data', resolve));
  const { stream } = await fileSource(fifo);
  expect((await buffer(stream)).equals(fs.readFileSync(file))).toBe(true);
});
