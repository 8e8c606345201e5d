/**
 * Builds in one process, many at once, and reports what the process holds after a warm-up, half of them, and all:
 * `node --expose-gc builds.js REQUEST`. The request and the report are JSON.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { queryObjects } from 'node:v8';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { build, filter, inspect } from '../../../dist/index.js';

/** @typedef {import('../../../dist/index.js').BuildOptions} BuildOptions */

/**
 * @typedef {object} Request
 * @property {'embedded' | 'docker'} engine
 * @property {number} warmUp builds before the first measurement
 * @property {number} count of builds after it
 * @property {number} atOnce
 * @property {string} folder for outputs
 * @property {string} registry
 * @property {string} base an image of the engine
 * @property {string} name the start of all names, and the value of the label `is`
 */

/** @type {unknown} */
const parsed = JSON.parse(process.argv[2] ?? '');
const request = /** @type {Request} */ (parsed);
const { registry, base, folder, name } = request;

/** Milliseconds after which idle connections to a registry are closed; an engine's are closed at once. */
const IDLE = request.engine === 'embedded' ? 5000 : 1000;

/** @param {string} Dockerfile @param {Buffer} [inner] */
async function contextOf(Dockerfile, inner = Buffer.from('inner')) {
  const files = { Dockerfile, 'a/one': 'one', 'a/two': 'two'.repeat(5000), 'inner.tar': inner };
  const tar = pack();
  for (const [path, content] of Object.entries(files)) tar.entry({ name: path }, content);
  tar.finalize();
  return buffer(tar);
}

const plain = await contextOf(`FROM scratch\nLABEL is=${name}\nCOPY a /a\n`);
const large = await contextOf('FROM scratch\nCOPY . /\n', randomBytes(17 << 20));
const onBase = await contextOf(`FROM ${registry}/base\nCOPY a /a\n`);
const inStages = await contextOf(
  'FROM scratch AS x\nCOPY a /x\nADD inner.tar /\nFROM scratch\nCOPY --from=x / /\n',
  plain,
);
const failingStep = await contextOf(`FROM ${base}\nLABEL is=${name}\nRUN exit 3\n`);
const unfinished = await contextOf(`FROM scratch\nLABEL is=${name} kind=interrupted\nCOPY a /a\n`);
const running = await contextOf(`FROM ${base}\nLABEL is=${name}\nRUN echo $$ > /pid\n`);

/** A producer that falls silent. @param {Buffer} bytes */
function silent(bytes) {
  const stream = new Readable({ read: () => undefined });
  stream.push(bytes);
  return stream;
}

/** A producer that fails. @param {Buffer} bytes */
function failing(bytes) {
  return Readable.from(
    (function* () {
      yield bytes;
      throw new Error('the producer failed');
    })(),
  );
}

function soon() {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('interrupted')), 50);
  return controller.signal;
}

/** @param {Partial<BuildOptions>} options @returns {() => Promise<unknown>} */
const builds = (options) => () => build({ env: process.env, engine: request.engine, ...options });
/** @param {string} dest @param {'docker' | 'local' | 'oci'} [type] @param {Record<string, string>} [attributes] */
const to = (dest, type = 'docker', attributes = {}) => ({
  outputs: [{ type, dest, attributes }],
});

/**
 * What is run in turn, and how it ends: `ok`, or the kind of an error; a reason without a kind, by its message.
 * @type {Readonly<Record<Request['engine'], (tag: string, dest: string) => readonly (readonly [string, () => Promise<unknown>])[]>>}
 */
const kinds = {
  embedded: (tag, dest) => [
    ['ok', builds({ context: plain, tags: [tag], ...to(dest) })],
    ['ok', builds({ context: gzipSync(plain), ...to(dest) })],
    ['ok', builds({ context: inStages, ...to(dest, 'local') })],
    ['ok', builds({ context: Readable.from([inStages]), ...to(dest, 'oci', { tar: 'false' }) })],
    ['ok', builds({ context: onBase, tags: [`${registry}/${tag}`], push: true })],
    // Once in a hundred, with contents that don't fit into memory.
    ['ok', builds({ context: next % 100 === 5 ? large : plain, ...to(dest) })],
    ['ok', () => text(filter({ context: plain }))],
    ['ok', () => writeFile(dest, inStages).then(() => inspect({ target: dest }))],
    ['context', builds({ context: Readable.from([plain.subarray(0, 3000)]), ...to(dest) })],
    ['context', builds({ context: failing(plain.subarray(0, 3000)), ...to(dest) })],
    ['limit', builds({ context: plain, ...to(dest), limits: { maxSize: 1 } })],
    ['build', builds({ context: plain, target: 'none', ...to(dest) })],
    ['interrupted', builds({ context: silent(unfinished), ...to(dest), signal: soon() })],
    ['engine', builds({ context: plain, tags: ['127.0.0.1:1/none'], push: true })],
  ],
  docker: (tag) => [
    ['ok', builds({ context: plain, tags: [tag] })],
    ['ok', builds({ context: running, tags: [tag], noCache: true })],
    ['context', builds({ context: Readable.from([plain.subarray(0, 3000)]), tags: [tag] })],
    ['context', builds({ context: failing(plain.subarray(0, 3000)), tags: [tag] })],
    ['build', builds({ context: failingStep, tags: [tag] })],
    ['interrupted', builds({ context: silent(unfinished), tags: [tag], signal: soon() })],
  ],
};

/** Results that were not expected, and how often. @type {Record<string, number>} */
const unexpected = {};
let next = 0;

/** @param {number} last */
async function work(last) {
  while (next < last) {
    const number = next++;
    const dest = join(folder, `output-${number}`);
    const all = kinds[request.engine](`${name}-${number}`, dest);
    const [expected, run] = all[number % all.length] ?? ['', () => Promise.resolve()];
    const error = await run().then(
      () => undefined,
      (/** @type {Error & { kind?: string }} */ failure) => failure,
    );
    const result = error === undefined ? 'ok' : (error.kind ?? error.message);
    if (result !== expected) {
      const line = `${number % all.length}: ${result} ${error?.message ?? ''}`;
      unexpected[line] = (unexpected[line] ?? 0) + 1;
    }
    await rm(dest, { recursive: true, force: true });
  }
}

/** @param {number} count */
async function run(count) {
  const last = next + count;
  await Promise.all(Array.from({ length: request.atOnce }, () => work(last)));
}

/** What the process holds. */
async function state() {
  await sleep(IDLE + 1000);
  for (let times = 0; times < 4; times++) {
    globalThis.gc?.();
    await turn();
  }
  const { arrayBuffers, rss } = process.memoryUsage();
  const counted = process.eventNames().map((event) => process.listenerCount(event));
  return {
    // The heap's size in bytes also grows with the code that V8 compiles.
    objects: queryObjects(Object, { format: 'count' }),
    arrayBuffers,
    rss,
    descriptors: readdirSync('/proc/self/fd').length,
    listeners: counted.reduce((sum, count) => sum + count, 0),
    resources: process.getActiveResourcesInfo().filter((type) => type !== 'PipeWrap'),
    files: [...readdirSync(tmpdir()), ...readdirSync(folder)],
  };
}

await run(request.warmUp);
const states = [await state()];
for (let part = 0; part < 2; part++) {
  await run(request.count / 2);
  states.push(await state());
}
console.log(JSON.stringify({ states, unexpected }));
