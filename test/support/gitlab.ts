/** GitLab's CI files, as its runner's shell executor runs them. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

/** The keywords of GitLab's reference that the sample may use, each with its type. */
const STRINGS = { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } };
const VARIABLES = { type: 'object', additionalProperties: { type: 'string' } };
const JOB = {
  type: 'object',
  required: ['script'],
  additionalProperties: false,
  properties: {
    stage: { type: 'string' },
    image: { type: 'string' },
    tags: STRINGS,
    variables: VARIABLES,
    before_script: STRINGS,
    script: STRINGS,
    after_script: STRINGS,
    artifacts: { type: 'object' },
    rules: { type: 'array' },
  },
};
const SCHEMA = {
  type: 'object',
  properties: { variables: VARIABLES, stages: STRINGS, default: { type: 'object' } },
  // A job's name is none of the reserved words.
  propertyNames: { not: { enum: ['image', 'services', 'cache', 'before_script', 'after_script'] } },
  additionalProperties: JOB,
};

interface Job {
  readonly before_script?: readonly string[];
  readonly script: readonly string[];
}

export interface Pipeline {
  readonly variables: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** What is wrong with a file. */
export function errorsOf(content: string): string[] {
  const validate = new Ajv({ allErrors: true }).compile(SCHEMA);
  validate(parse(content, { uniqueKeys: true }));
  return (validate.errors ?? []).map((one) => `${one.instancePath} ${one.message}`);
}

export function readPipeline(path: string): Pipeline {
  const { variables = {}, ...jobs } = parse(readFileSync(path, 'utf8')) as Record<string, Job> & {
    readonly variables?: Readonly<Record<string, string>>;
  };
  return { variables, jobs };
}

/** What the runner has bash run: both lists are one script, and it reads nothing (gitlab-runner, shells/bash.go). */
export function scriptOf({ before_script = [], script }: Job): string {
  const lines = [...before_script, ...script].join('\n');
  return `set -eo pipefail\nset +o noclobber\n: | eval ${quote(lines)}\nexit 0\n`;
}

/** The file's variables, with those of GitLab in them. */
export function variablesOf(
  { variables }: Pipeline,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const expand = (text: string): string =>
    text.replace(/\$\{?(\w+)\}?/g, (_, name: string) => given[name] ?? '');
  const own = Object.entries(variables).map(([name, text]) => [name, expand(text)]);
  return { ...given, ...(Object.fromEntries(own) as Record<string, string>) };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
