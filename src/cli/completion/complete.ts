/**
 * The candidates for the last word of a command line, which the scripts of all shells ask for:
 * `dockerception __complete WORD…`. The first line says which paths the shell adds: `file`, `folder` or `none`. Each other
 * line is a candidate, and a tab and its description if it has one.
 */
import { contextNames } from '../../engine/docker/endpoint.js';
import { imageNames } from '../../engine/docker/image-names.js';
import { builderNames } from '../../engine/stored-builders.js';
import { type Flag, type Verb, VERBS } from '../../options/schema.js';
import { printable } from '../../text/printable.js';
import { OPTIONS } from '../arguments/flags.js';
import { USAGE } from '../help.js';
import { ACTIONS } from '../plugin/install.js';
import { SHELLS } from './scripts.js';

/** Milliseconds for an answer of the engine. */
const TIME_LIMIT = 1000;

/** The values of the operand of each verb, as {@link Flag.values}. */
const OPERANDS: Readonly<Record<Verb, readonly string[]>> = {
  build: ['<file>'],
  filter: ['<file>'],
  inspect: ['<image>', '<file>'],
  doctor: [],
  plugin: ACTIONS,
  completion: SHELLS,
  help: VERBS,
  version: [],
};

interface Candidate {
  readonly text: string;
  readonly help?: string;
}

/** The output for these words, without the name of the program. Never rejects. */
export async function complete(words: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const current = words.at(-1) ?? '';
  const { prefix = '', values, candidates } = positionOf(words.slice(0, -1), current);
  const existing = await Promise.all(values.map((value) => existingOf(value, env)));
  const texts = existing.flat().map((text): Candidate => ({ text: prefix + text }));
  const lines = [...candidates, ...texts]
    .filter(({ text }) => text.startsWith(current) && text === printable(text, Infinity))
    .map(({ text, help }) => (help === undefined ? text : `${text}\t${help}`));
  const paths = ['file', 'folder'].find((kind) => values.includes(`<${kind}>`)) ?? 'none';
  return `${[paths, ...new Set(lines)].join('\n')}\n`;
}

/** What can follow the words: values as {@link Flag.values}, after a prefix, and others. */
function positionOf(
  before: readonly string[],
  current: string,
): { values: readonly string[]; candidates: readonly Candidate[]; prefix?: string } {
  const named = VERBS.find((one) => one === before[0]);
  const verb = named ?? 'build';
  const specs = OPTIONS.filter(({ verbs }) => verbs.includes(verb));
  const given = new Set<Flag>();
  let operands = 0;
  let pending: Flag | undefined;
  for (const word of before.slice(named === undefined ? 0 : 1)) {
    if (pending !== undefined) {
      pending = undefined;
    } else if (word === '--') {
      return { values: ['<file>'], candidates: [] };
    } else if (word.startsWith('-') && word !== '-') {
      const flags = flagsOf(word, specs);
      for (const flag of flags) given.add(flag);
      const last = flags.at(-1);
      if (last !== undefined && takesNext(last, word)) pending = last;
    } else {
      operands++;
    }
  }
  if (pending !== undefined) return { values: pending.values, candidates: [] };
  const [, prefix, name] = /^(--([^=]+)=)/.exec(current) ?? [];
  if (prefix !== undefined)
    return { values: specs.find((one) => one.name === name)?.values ?? [], candidates: [], prefix };
  if (current.startsWith('-')) {
    const free = specs.filter((spec) => spec.many || !given.has(spec));
    return { values: [], candidates: free.flatMap(optionCandidates) };
  }
  const verbs =
    before.length === 0 ? VERBS.map((text) => ({ text, help: USAGE[text].summary })) : [];
  return { values: operands === 0 ? OPERANDS[verb] : [], candidates: verbs };
}

/** The flags that a word gives: one, or several letters up to one with a value. */
function flagsOf(word: string, specs: readonly Flag[]): Flag[] {
  const name = /^--([^=]+)/.exec(word)?.[1];
  if (name !== undefined) return specs.filter((spec) => spec.name === name);
  const letters = [...word.slice(1)].map((letter) => specs.find(({ short }) => short === letter));
  const end = letters.findIndex((spec) => spec?.value !== undefined);
  return (end < 0 ? letters : letters.slice(0, end + 1)).filter((spec) => spec !== undefined);
}

/** Whether the next word is the flag's value: it has one, and it is not in the word. */
function takesNext({ value, optional, short }: Flag, word: string): boolean {
  if (value === undefined || optional) return false;
  return word.startsWith('--') ? !word.includes('=') : word.endsWith(short ?? '=');
}

function optionCandidates({ name, short, help }: Flag): Candidate[] {
  const long = { text: `--${name}`, help };
  return short === undefined ? [long] : [long, { text: `-${short}`, help }];
}

/** The texts of a value that exist now; the shell lists paths. */
async function existingOf(value: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  if (value === '<image>') return imageNames(env, TIME_LIMIT);
  if (value === '<builder>') return [...(await builderNames(env)), ...(await contextNames(env))];
  return value.startsWith('<') ? [] : [value];
}
