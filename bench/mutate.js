/**
 * Damages tars and judges the filter's result: a clear error, or a complete tar with the same entries as the damaged
 * one, except for their owners. The same seed causes the same damage.
 * The mutation test runs it on src/, `npm run fuzz` on dist/.
 */
import { Readable } from 'node:stream';
import { ownersIn, withoutOwners, withoutRoot } from '../test/support/owners.js';
import { listing, needsConversion } from '../test/support/portable.js';
import { readTar } from '../test/support/read-tar.js';
import { DAMAGES, SAMPLES } from './damages.js';

/** @typedef {import('./random.js').Random} Random */

/**
 * One damaged tar, the sizes of its chunks, and what is asked of the filter.
 * @typedef {object} Case
 * @property {Buffer} tar
 * @property {readonly number[]} chunks
 * @property {Readonly<Record<string, unknown>>} options
 * @property {string} how
 */

/** @type {readonly Readonly<Record<string, unknown>>[]} */
const OPTIONS = [
  ...[{}, {}, {}, {}, { owner: 'keep' }, { ignoreTrailing: true, allowUnterminated: true }],
  { prefix: 'some/where', mode: 'a+rX,go-w', clampMtime: 1_600_000_000 },
  { stripComponents: 1, mtime: 0 },
  { exclude: ['**/x', 'app'], prefix: 'n'.repeat(120) },
];

/**
 * @param {Random} random
 * @returns {Case}
 */
export function damagedCase(random) {
  const sample = random.pick(SAMPLES);
  /** @type {string[]} */
  const how = [];
  let tar = Buffer.from(sample.tar);
  for (let left = 1 + random.below(3); left > 0 && tar.length >= 512; left--) {
    const name = random.pick(Object.keys(DAMAGES));
    // A cut is a view of the whole; the next damage must find the end where it is.
    tar = Buffer.from(DAMAGES[name]?.(random, { tar, sample }) ?? tar);
    how.push(name);
  }
  const small = random.below(40) === 0;
  const chunks = Array.from({ length: 4 }, () =>
    small ? 1 + random.below(9) : random.pick([511, 512, 513, 1024, 4096, 1 + random.below(3000)]),
  );
  return { tar, chunks, options: random.pick(OPTIONS), how: how.join(', ') };
}

/**
 * The filter, as src/ or dist/ has it, and its error.
 * @typedef {object} Subjects
 * @property {(sink: import('../src/sink/sink.js').Sink, options: import('../src/options/context.js').FilterOptions) => Promise<unknown>} filterInto
 * @property {new (...args: never[]) => Error & { readonly kind: string, readonly code: string }} DockerceptionError
 */

/**
 * Runs one case. Resolves to the error's code, or `''` for success; rejects when what came of it
 * is neither a clear error nor a good tar.
 * @param {Case} subject
 * @param {Subjects} library
 * @returns {Promise<string>}
 */
export async function attempt({ tar, chunks, options }, { filterInto, DockerceptionError }) {
  /** @type {Buffer[]} */
  const parts = [];
  let state = 'open';
  const sink = {
    write: (/** @type {Buffer} */ bytes) => void parts.push(Buffer.from(bytes)),
    ready: () => undefined,
    end: async () => void (state = 'ended'),
    destroy: () => void (state = 'destroyed'),
  };
  try {
    const context = inChunks(Buffer.from(tar), chunks);
    await filterInto(sink, { allowNoDockerfile: true, ...options, context });
  } catch (error) {
    if (state !== 'destroyed')
      throw new Error(`failed, and the sink is ${state}`, { cause: error });
    if (error instanceof DockerceptionError && error.kind === 'context') return error.code;
    throw error;
  }
  if (state !== 'ended') throw new Error(`succeeded, and the sink is ${state}`);
  judge(tar, Buffer.concat(parts), options);
  return '';
}

/**
 * @param {Buffer} bytes
 * @param {readonly number[]} sizes
 */
function inChunks(bytes, sizes) {
  let at = 0;
  let turn = 0;
  return new Readable({
    read() {
      let more = true;
      while (more && at < bytes.length) {
        const step = /** @type {number} */ (sizes[turn++ % sizes.length]);
        more = this.push(bytes.subarray(at, at + step));
        at += step;
      }
      if (at >= bytes.length) this.push(null);
    },
  });
}

/** What may be left of an owner: an empty record takes back what a global one says. */
const ROOT_ALONE = /^(header 0:0 \(:\)|record [ug]id=0*|record [ug]name=)$/;

/**
 * Throws when the output isn't a good tar, or isn't what the input says.
 * @param {Buffer} input
 * @param {Buffer} output
 * @param {Readonly<Record<string, unknown>>} options
 */
function judge(input, output, options) {
  const after = readTar(output);
  if (!after.terminated || after.end + 1024 !== output.length) throw new Error('no end-of-archive');
  for (const { name, typeflag, linkname } of after.entries) {
    for (const path of typeflag === '1' ? [name, linkname] : [name]) {
      if (path.startsWith('/') || path.split('/').includes('..'))
        throw new Error(`unsafe: ${path}`);
    }
  }
  const before = readTar(input);
  if (options['owner'] === 'keep') {
    if (before.entries.some(startsAtRoot)) return;
    if (!output.subarray(0, after.end).equals(input.subarray(0, before.end))) {
      throw new Error('what was to be kept has changed');
    }
    return;
  }
  const odd = ownersIn(output).filter((owner) => !ROOT_ALONE.test(owner));
  if (odd.length > 0) throw new Error(`owners are left: ${odd.join('; ')}`);
  if ('xgXLKS'.includes(output.toString('latin1', 156, 157)))
    throw new Error('a start that many refuse');
  const edited = ['prefix', 'stripComponents', 'exclude'].some((option) => option in options);
  if (edited || before.entries.some(startsAtRoot)) return;
  if (needsConversion(input)) {
    compareListings(input, output);
    return;
  }
  const first = before.groups[0]?.header.typeflag ?? '0';
  const rest = 'xgXLKS'.includes(first) ? withoutRoot(output) : output;
  if (!withoutOwners(rest).equals(withoutOwners(input)))
    throw new Error('more than owners has changed');
}

/**
 * Throws when entries read otherwise than those of the input, converted.
 * @param {Buffer} input
 * @param {Buffer} output
 */
function compareListings(input, output) {
  const expected = listing(input, true);
  const actual = listing(output, false);
  if (actual.length > expected.length && readTar(output).entries[0]?.name === './') actual.shift();
  const at = expected.findIndex((line, i) => line !== actual[i]);
  if (at >= 0 || actual.length !== expected.length) {
    const [wanted, got] = [expected[at], actual[Math.max(at, 0)]].map((line) =>
      line?.slice(0, 200),
    );
    throw new Error(`converted to ${got ?? 'nothing'} instead of ${wanted ?? 'nothing'}`);
  }
}

/** @param {import('../test/support/read-tar.js').Entry} entry */
function startsAtRoot({ name, typeflag, linkname }) {
  return name.startsWith('/') || (typeflag === '1' && linkname.startsWith('/'));
}
