import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fileSource } from '../../src/source/open-path.js';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'dockerception-file-'));
afterAll(() => fs.rmSync(dir, { recursive: true }));
const plain = Buffer.alloc(3_000_000, 'some text ');

test.each(['', 'gzip', 'zstd', 'xz', 'bzip2'])('a file is read, through %j', async (program) => {
  const file = path.join(dir, `file.${program}`);
  fs.writeFileSync(
    file,
    program === '' ? plain : execFileSync(program, ['-qc'], { input: plain, maxBuffer: 1e8 }),
  );
  const source = await fileSource(file);
  expect(source.name).toBe(file);
  const chunks = (await source.stream.toArray()) as Buffer[];
  await source.complete;
  expect(Buffer.concat(chunks).equals(plain)).toBe(true);
});

test('a short file and an empty one end', async () => {
  for (const text of ['', 'abc']) {
    fs.writeFileSync(path.join(dir, 'short'), text);
    const { stream } = await fileSource(path.join(dir, 'short'));
    expect(Buffer.concat((await stream.toArray()) as Buffer[]).toString()).toBe(text);
  }
});

test('a file that can not be opened is a usage error', async () => {
  await expect(fileSource(`${dir}/no`)).rejects.toMatchObject({
    kind: 'usage',
    message: `opening ${dir}/no: there is no such file`,
  });
  await expect(fileSource(dir)).rejects.toMatchObject({
    kind: 'usage',
    message: `opening ${dir}: it is a directory`,
  });
});

test('destroying the stream closes the file', async () => {
  fs.writeFileSync(path.join(dir, 'large'), plain);
  const open = (): number => fs.readdirSync('/proc/self/fd').length;
  const before = open();
  const { stream } = await fileSource(path.join(dir, 'large'));
  expect(open()).toBe(before + 1);
  stream.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(open()).toBe(before);
});
