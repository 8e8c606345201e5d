import { describe, expect, it } from 'vitest';
import { LayerContents, type ListenerFor } from '../../../src/inspect/read/layer-contents.js';

const text = Buffer.from('some bytes, more than a few: '.repeat(5000));

async function hashOf(
  size: number,
  feed: (contents: LayerContents) => void,
): Promise<string | undefined> {
  const contents = await LayerContents.create('layer');
  contents.begin(size, 'a');
  feed(contents);
  contents.settle();
  return contents.all[0]?.hash;
}

describe('contents', () => {
  it('have one hash, however they come', async () => {
    const whole = await hashOf(text.length, (contents) => contents.append(text));
    for (const size of [1, 7, 512, 64 << 10]) {
      const parts = await hashOf(text.length, (contents) => {
        const chunk = Buffer.alloc(size);
        for (let at = 0; at < text.length; at += size) {
          const length = text.copy(chunk, 0, at, at + size);
          contents.append(chunk.subarray(0, length));
        }
      });
      expect(parts).toBe(whole);
    }
  });

  it('have one hash, whether their zeros are stored or not', async () => {
    for (const length of [1, 4096, 64 << 10, (64 << 10) + 1, 1_000_000]) {
      const stored = await hashOf(length, (contents) => contents.append(Buffer.alloc(length)));
      expect(await hashOf(length, (contents) => contents.hole(length))).toBe(stored);
    }
  });

  it('of nothing have the hash of nothing', async () => {
    expect(await hashOf(0, () => undefined)).toBe('ef46db3751d8e999');
  });

  it('are numbered, and their bytes go to the listener', async () => {
    const heard: string[] = [];
    const listenerFor: ListenerFor = (blob, index, path) => {
      if (path !== '/b') return undefined;
      return {
        append: (bytes) => heard.push(`${blob} ${index} ${bytes.toString()}`),
        hole: (length) => heard.push(`${length} zeros`),
        ready: () => undefined,
        end: () => heard.push('end'),
      };
    };
    const contents = await LayerContents.create('layer', listenerFor);
    for (const name of ['a', 'b', 'b', 'c']) {
      contents.begin(5, name);
      contents.append(Buffer.from(name));
      contents.hole(4);
    }
    contents.settle();
    contents.settle();
    expect(heard).toEqual(['layer 1 b', '4 zeros', 'end', 'layer 2 b', '4 zeros', 'end']);
    expect(contents.all.map(({ blob, index }) => `${blob} ${index}`)).toEqual(
      [0, 1, 2, 3].map((index) => `layer ${index}`),
    );
  });
});
