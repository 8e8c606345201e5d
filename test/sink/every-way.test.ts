/** Every source × every sink × readers of every speed: what leaves is always the same. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runContext } from '../../src/context/run-context.js';
import { SpeculativeLayerWriter } from '../../src/engine/embedded/speculation/speculative-layer-writer.js';
import { Spool } from '../../src/engine/embedded/spool/spool.js';
import { changes } from '../../src/filesystem/changes.js';
import { isDirectory } from '../../src/filesystem/node.js';
import { Tree } from '../../src/filesystem/tree.js';
import { Unpacker } from '../../src/filesystem/unpack.js';
import { filterInto } from '../../src/filter.js';
import { CONTEXT } from '../../src/options/context.js';
import { normalise } from '../../src/options/schema.js';
import { CollectingSink } from '../support/filter.js';
import { readTar } from '../support/read-tar.js';
import { type Pace, PacedEntries, PACES, PoisoningSink, SINKS } from './readers.js';
import { type OpenSource, type Place, SOURCES } from './sources.js';

const { signal } = new AbortController();

const top = fs.mkdtempSync(path.join(os.tmpdir(), 'dockerception-test-'));
const FIFOS = 400;
let used = 0;
beforeAll(() => {
  execFileSync(
    'mkfifo',
    Array.from({ length: FIFOS }, (_, i) => path.join(top, `fifo-${i}`)),
  );
});
afterAll(() => fs.rmSync(top, { recursive: true }));

function place(): Place {
  const folder = fs.mkdtempSync(path.join(top, 'place-'));
  return { folder, fifo: () => path.join(top, `fifo-${used++}`) };
}

/** Headers are edited in place, and one entry is left out. */
const EDITS = {
  exclude: ['dropped', 'output', 'socket'],
  clampMtime: 1e9,
  allowNoDockerfile: true,
};
const paces = Object.entries(PACES);

async function opened<T>(
  open: OpenSource,
  use: (options: Awaited<ReturnType<OpenSource>>['options'], at: Place) => Promise<T>,
): Promise<T> {
  const at = place();
  const { options, close } = await open(at);
  try {
    return await use({ ...EDITS, ...options }, at);
  } finally {
    close?.();
  }
}

/** What a sink gets that copies all at once. */
function reference(open: OpenSource): Promise<Buffer> {
  return opened(open, async (options) => {
    const sink = new CollectingSink();
    await filterInto(sink, options);
    return sink.bytes;
  });
}

describe.each(Object.entries(SOURCES))('the context from %s', (_, open) => {
  let expected: Buffer;
  beforeAll(async () => {
    expected = await reference(open);
    const names = readTar(expected).entries.map(({ name }) => name);
    expect(names.filter((name) => /(^|\/)(large|small\/59|end\/59)$/.test(name))).toHaveLength(3);
    expect(names.join()).not.toContain('dropped');
  });

  it.each(Object.entries(SINKS))('leaves whole through %s at every pace', async (_name, make) => {
    const through = (pace: Pace): Promise<Buffer> =>
      opened(open, async (options, at) => {
        const { sink, read } = make(at, pace);
        await filterInto(new PoisoningSink(sink), options);
        return read();
      });
    for (const [pace, output] of await all(through)) {
      expect(output.length, pace).toBe(expected.length);
      expect(output.equals(expected), pace).toBe(true);
    }
  });

  it('arrives whole as entries at every pace', async () => {
    const through = (pace: Pace): Promise<Buffer> =>
      opened(open, async (options) => {
        const sink = new PacedEntries(pace);
        await runContext(sink, normalise(CONTEXT, options), () => undefined, {
          exact: true,
          signal,
        });
        return sink.text;
      });
    const [[, first] = ['', Buffer.alloc(0)], ...others] = await all(through);
    expect(first.includes('\nlarge: ') || first.includes('/large: ')).toBe(true);
    for (const [pace, output] of others) expect(output.equals(first), pace).toBe(true);
  });

  it('arrives whole in the spool of the embedded engine', async () => {
    const contents = await opened(open, async (options) => {
      const tree = new Tree();
      const spool = new Spool(top);
      const never = (): Promise<undefined> => Promise.resolve(undefined);
      const writer = new SpeculativeLayerWriter({
        spool,
        compression: { type: 'none' },
        signal: new AbortController().signal,
        threshold: 100_000,
        time: 0,
        store: never,
        predict: never,
        needsContent: () => Promise.resolve(false),
      });
      const entries = new Unpacker({ tree, contents: writer, name: 'the context', strict: true });
      const sink = { entries, ready: () => writer.ready() };
      await runContext(sink, normalise(CONTEXT, options), () => undefined, {
        exact: true,
        signal,
      });
      entries.end();
      await writer.verify(never);
      await spool.settle();
      const found = new Map<string, Buffer>();
      for (const { path: name, node } of changes(undefined, tree.freeze())) {
        if (isDirectory(node)) continue;
        const content = Buffer.alloc(node.size);
        if (node.size > 0) spool.read(content, 0, node.offset, node.size);
        found.set(name, content);
      }
      spool.close();
      return found;
    });
    for (const { name, typeflag, body } of readTar(expected).entries) {
      if (typeflag !== '0') continue;
      expect(contents.get(name)?.equals(body), name).toBe(true);
    }
  });
});

async function all(through: (pace: Pace) => Promise<Buffer>): Promise<[string, Buffer][]> {
  return Promise.all(
    paces.map(async ([name, pace]): Promise<[string, Buffer]> => [name, await through(pace)]),
  );
}
