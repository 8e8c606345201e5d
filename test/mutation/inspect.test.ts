/** Damaged contexts, layers and archives: each is looked into, or refused clearly; nothing hangs. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { damagedCase } from '../../bench/mutate.js';
import { Random } from '../../bench/random.js';
import { DockerceptionError } from '../../src/errors.js';
import type { Inspection } from '../../src/inspect/inspection.js';
import { inspectionJson } from '../../src/inspect/json.js';
import { renderText } from '../../src/inspect/text/render.js';
import {
  archiveOf,
  crane,
  type Described,
  docker20,
  docker28,
  layoutFiles,
  podman,
} from '../support/inspect/image-forms.js';
import { inspected, list } from '../support/inspect/scan.js';
import { header, member, oldSparse, pax, tar } from '../support/write-tar.js';

/** What a case that goes wrong is found again with. */
const SEED = 20_260_201;
const CASES = 4000;
const HANGS = 20_000;
/** Everything that a terminal or a reader of lines would act on. */
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/;

/** Says how it ended: the error's code, or the kind of what was found. */
async function attempt(what: string, bytes: Buffer, chunk: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), HANGS);
  });
  try {
    const found = await Promise.race([inspected(bytes, { chunk }), hangs]);
    show(found);
    return found.kind;
  } catch (error) {
    if (!(error instanceof DockerceptionError)) throw new Error(what, { cause: error });
    if (
      !['context', 'usage'].includes(error.kind) ||
      CONTROL.test(error.message) ||
      !error.message.startsWith('reading ')
    )
      throw new Error(`${what}: ${error.kind} ${error.message}`, { cause: error });
    return error.code;
  } finally {
    clearTimeout(timer);
  }
}

/** Whatever was found can be shown. */
function show(found: Inspection): void {
  const look = { colour: false, bars: false, width: 80 };
  for (const line of [...renderText(found, { ...look, all: true }), ...list(found)])
    expect(line).not.toMatch(CONTROL);
  JSON.parse([...inspectionJson(found)].join('\n'));
}

const image: Described = {
  layers: [
    tar(
      header({ name: 'd/', typeflag: '5', mode: 0o755 }),
      member({ name: 'd/a', body: 'a'.repeat(700) }),
      header({ name: 'd/l', typeflag: '2', linkname: '../d/a' }),
      pax([['SCHILY.xattr.user.a', 'x']]),
      member({ name: 'd/b', body: 'b' }),
    ),
    tar(
      header({ name: 'd/.wh.b' }),
      header({ name: 'h', typeflag: '1', linkname: 'd/a' }),
      oldSparse({ name: 's' }, [[600, 'data']], 2000),
      header({ name: 'd/.wh..wh..opq' }),
    ),
  ],
  names: ['app:1'],
};
const ARCHIVES = [docker20, docker28, podman, crane, layoutFiles].map((make) =>
  archiveOf(make(image)),
);

test('Damaged contexts and layers', { timeout: 120_000 }, async () => {
  const results = new Map<string, number>();
  for (let turn = 0; turn < CASES; turn++) {
    const { tar: bytes, chunks, how } = damagedCase(new Random(SEED + turn));
    const chunk = chunks[0] as number;
    const layers = turn % 2 ? [bytes] : [image.layers[0] as Buffer, bytes];
    const asImage = archiveOf(turn % 3 ? podman({ layers }) : layoutFiles({ layers }));
    for (const one of [bytes, asImage]) {
      const code = await attempt(`case ${turn} (${how})`, one, chunk);
      results.set(code, (results.get(code) ?? 0) + 1);
    }
  }
  for (const code of ['context', 'image', 'TAR_CHECKSUM', 'TAR_TRUNCATED', 'TAR_FIELD', 'TAR_LINK'])
    expect(results.get(code), code).toBeGreaterThan(2);
});

test('Damaged archives', { timeout: 120_000 }, async () => {
  const results = new Map<string, number>();
  for (let turn = 0; turn < CASES; turn++) {
    const random = new Random(SEED + turn);
    let bytes: Buffer = Buffer.from(random.pick(ARCHIVES));
    for (let left = 1 + random.below(3); left > 0; left--) bytes = damaged(random, bytes);
    const archive = turn % 5 === 0 ? damaged(random, gzipSync(bytes)) : bytes;
    const code = await attempt(
      `archive ${turn}`,
      archive,
      random.pick([1 + random.below(9), 511, 512, 4096, 65_536]),
    );
    results.set(code, (results.get(code) ?? 0) + 1);
  }
  for (const code of ['image', 'context', 'TAR_CHECKSUM', 'BLOB_DIGEST', 'IMAGE_INVALID'])
    expect(results.get(code), code).toBeGreaterThan(2);
});

function damaged(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length);
  const block = 512 * random.below(Math.max(bytes.length >> 9, 1));
  switch (random.below(6)) {
    case 0:
      return Buffer.from(bytes.subarray(0, at));
    case 1:
      return Buffer.concat([bytes.subarray(0, block), bytes.subarray(block + 512)]);
    case 2:
      return Buffer.concat([
        bytes.subarray(0, block),
        bytes.subarray(0, 512),
        bytes.subarray(block),
      ]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(9))]);
    default:
      // In a header's name, a document, a layer: what a digit or a letter less does.
      bytes[at] = random.pick([0x30, 0x5b, 0x22, 0x00, 0xff, random.below(256)]);
      return bytes;
  }
}

test(
  'An archive that is cut anywhere is refused, or is what it was',
  { timeout: 120_000 },
  async () => {
    for (const whole of [...ARCHIVES, gzipSync(ARCHIVES[0] as Buffer), image.layers[0] as Buffer]) {
      const step = Math.ceil(whole.length / 150);
      const found = await inspected(whole);
      for (let at = 0; at < whole.length; at += at < 40 ? 1 : step) {
        const code = await attempt(`cut at ${at}`, whole.subarray(0, at), 1 + (at % 700));
        expect(code, `cut at ${at}`).toMatch(
          new RegExp(`^(?:TAR|CONTEXT|COMPRESSED)_|^${found.kind}$`),
        );
      }
    }
  },
);
