/** Warnings about a Dockerfile, with the rules and words of BuildKit (frontend/dockerfile/linter/ruleset.go). */
import { quote, splitBlanks } from '../../text/go.js';
import { nearest } from '../../text/suggest.js';

const DOCUMENTATION = 'https://docs.docker.com/go/dockerfile/rule/';

export const RULES = {
  CopyIgnoredFile: {
    description: 'Attempting to Copy file that is excluded by .dockerignore',
    url: `${DOCUMENTATION}copy-ignored-file/`,
  },
  JSONArgsRecommended: {
    description:
      'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals',
    url: `${DOCUMENTATION}json-args-recommended/`,
  },
  SecretsUsedInArgOrEnv: {
    description: 'Sensitive data should not be used in the ARG or ENV commands',
    url: `${DOCUMENTATION}secrets-used-in-arg-or-env/`,
  },
  UndefinedVar: {
    description: 'Variables should be defined before their use',
    url: `${DOCUMENTATION}undefined-var/`,
  },
} as const;

export type RuleName = keyof typeof RULES;

/** Receives a warning. `line` is the first line of the instruction; that of FROM for a trigger of the base. */
export type Warn = (rule: RuleName, line: number, message: () => string) => void;

/** Variables that are compared with an undefined one, and the length of its name: more or longer ones are no suggestion. */
const MAX_COMPARED = 1000;
const MAX_NAME = 64;

/** @param defined the variables that are set */
export function undefinedVariable(name: string, defined: ReadonlyMap<string, unknown>): string {
  const isCompared = defined.size <= MAX_COMPARED && name.length <= MAX_NAME;
  const near = isCompared ? nearest(name, [...defined.keys()]) : undefined;
  const suggestion = near === undefined ? '' : ` (did you mean $${near}?)`;
  return `Usage of undefined variable '$${name}'${suggestion}`;
}

/** Words at the start, at the end or between underscores of a name. */
const SECRET =
  /(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/iu;
const NO_SECRET = /(?:_|^)public(?:_|$)/iu;

export function isSecret(name: string): boolean {
  return SECRET.test(name) && !NO_SECRET.test(name);
}

export function secretUsed(instruction: 'ARG' | 'ENV', name: string): string {
  return `Do not use ARG or ENV instructions for sensitive data (${instruction} ${quote(name)})`;
}

/** @param instruction its text, which starts with the name that the message repeats as it is written */
export function jsonRecommended(instruction: string): string {
  const [name] = splitBlanks(instruction);
  return `JSON arguments recommended for ${name} to prevent unintended behavior related to OS signals`;
}

export function ignoredSource(kind: 'copy' | 'add', source: string): string {
  const verb = kind === 'copy' ? 'Copy' : 'Add';
  return `Attempting to ${verb} file ${quote(source)} that is excluded by .dockerignore`;
}
