import { Readable } from 'node:stream';
import { inspect as inspectValue } from 'node:util';
import { describe, expect, it } from 'vitest';
import { DockerceptionError } from '../../src/errors.js';
import { build, filter, inspect, openBuilder, withBuilder } from '../../src/index.js';
import {
  differenceOf,
  inspectionJson,
  limitViolations,
  renderPage,
  renderText,
} from '../../src/index-inspect.js';
import { filterInto } from '../../src/index-tar.js';
import { checkLimits } from '../../src/inspect/limits.js';
import { BUILD as BUILD_SCHEMA } from '../../src/options/build.js';
import { BUILDER as BUILDER_SCHEMA } from '../../src/options/builder.js';
import { CONTEXT as CONTEXT_SCHEMA } from '../../src/options/context.js';
import { INSPECT as INSPECT_SCHEMA } from '../../src/options/inspect.js';
import { LIMITS as LIMITS_SCHEMA } from '../../src/options/limits.js';
import { CollectingSink } from '../support/filter.js';

const EMPTY = {};
const nothing = (): void => undefined;

/** Values of every type, of which each kind of option accepts the few that its predicate names. */
const VALUES: readonly unknown[] = [
  null,
  true,
  'false',
  '',
  'odd value',
  '1000',
  0,
  -1,
  1.5,
  NaN,
  Infinity,
  10n,
  Symbol('odd'),
  [],
  [''],
  ['A=1'],
  [null],
  [[]],
  EMPTY,
  { odd: 1 },
  { odd: null },
  nothing,
  new Date(0),
  new Map([['a', 'b']]),
];

type Accepts = (value: unknown) => boolean;
const never: Accepts = () => false;
const isText: Accepts = (value) => typeof value === 'string';
const isFilled: Accepts = (value) => isText(value) && value !== '';
const isFlag: Accepts = (value) => typeof value === 'boolean';
const isList =
  (member: Accepts): Accepts =>
  (value) =>
    Array.isArray(value) && value.every(member);
/** Objects without members, as a Date is: there is nothing in them to refuse. */
const isBare: Accepts = (value) =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.keys(value).length === 0;
const isWhole: Accepts = (value) => value === 0;
const isAmount: Accepts = (value) => typeof value === 'number' && value >= 0;
const isFinite: Accepts = (value) => Number.isFinite(value);
const isDuration: Accepts = (value) => value === 1.5;
const isFunction: Accepts = (value) => value === nothing;

const CONTEXT: Record<string, Accepts> = {
  // A list of nothing and a Map are iterables: what they yield is refused when it is read.
  context: (value) => isFilled(value) || Array.isArray(value) || value instanceof Map,
  leaveOut: isList(isText),
  ignoreFile: isFilled,
  owner: never,
  mode: isText,
  mtime: isFinite,
  clampMtime: isFinite,
  noXattrs: isFlag,
  stripComponents: isWhole,
  prefix: isText,
  include: isList(isText),
  exclude: isList(isText),
  add: isList(never),
  file: isText,
  base: isText,
  changes: isList(isText),
  ignoreTrailing: isFlag,
  allowUnterminated: isFlag,
  allowNoDockerfile: isFlag,
};
const FILTER: Record<string, Accepts> = { ...CONTEXT, report: isFunction, signal: never };
const BUILD: Record<string, Accepts> = {
  ...FILTER,
  tags: isList(never),
  buildArgs: isBare,
  labels: isBare,
  target: isText,
  platforms: isList(never),
  noCache: isFlag,
  pull: isFlag,
  network: isText,
  addHosts: isList(never),
  buildContexts: isBare,
  push: isFlag,
  load: isFlag,
  outputs: isList(never),
  compression: never,
  cacheDir: isFilled,
  insecure: (value) => isFlag(value) || isList(isFilled)(value),
  limits: isBare,
  check: isFlag,
  engine: isFunction,
  builder: isFilled,
  tlsCaCert: isFilled,
  tlsCert: isFilled,
  tlsKey: isFilled,
  tlsServerName: isFilled,
  secrets: isList(never),
  ssh: isList(never),
  cacheFrom: isList(never),
  cacheTo: isList(never),
  cacheOnly: isFlag,
  noCacheFilter: isList(isFilled),
  allow: isList(isFilled),
  ulimits: isList(never),
  shmSize: isAmount,
  annotations: isList((value) => value === 'A=1'),
  attests: isBare,
  call: never,
  env: isBare,
  stdout: never,
};
const BUILDER: Record<string, Accepts> = {
  from: isList(isFilled),
  fromImage: isFilled,
  artifacts: isList(never),
  libs: isFlag,
  keepPaths: isFlag,
  command: isList(isText),
  volumes: isList(never),
  variables: isList((value) => value === 'A=1'),
  user: isText,
  workdir: isText,
  entrypoint: isText,
  buildArgs: isBare,
  file: isText,
  target: isText,
  tag: isText,
  noCache: isFlag,
  pull: isFlag,
  network: isText,
  addHosts: isList(never),
  timeout: isDuration,
  keep: isFlag,
  serve: never,
  serveTimeout: isDuration,
  env: isBare,
  report: isFunction,
  signal: never,
};
const INSPECT: Record<string, Accepts> = {
  target: isFilled,
  platform: never,
  maxSize: isAmount,
  insecure: (value) => isFlag(value) || isList(isFilled)(value),
  env: isBare,
  signal: never,
  report: isFunction,
};
const LIMITS: Record<string, Accepts> = {
  maxSize: isAmount,
  maxLayers: isAmount,
  maxWaste: isAmount,
  deny: isList(isText),
  denySetuid: isFlag,
  denyIds: isFlag,
  mustRun: isFlag,
};

interface Subject {
  readonly options: Record<string, Accepts>;
  /** Calls the function as a JavaScript program may; resolves to what it failed with. */
  readonly fails: (options: never) => Promise<unknown>;
}

async function failureOf(work: () => Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve('it hangs'), 2_000);
  });
  const failed = work().then(
    () => 'it succeeds',
    (error: unknown) => error,
  );
  return Promise.race([failed, late]).finally(() => clearTimeout(timer));
}

function mustNotRun(): never {
  throw new Error('it was called');
}

const SUBJECTS: Record<string, Subject> = {
  filter: {
    options: FILTER,
    fails: (options) => failureOf(() => filter(options).toArray()),
  },
  filterInto: {
    options: FILTER,
    fails: async (options) => {
      const sink = new CollectingSink();
      const error = await failureOf(() => filterInto(sink, options));
      expect([sink.state, sink.reason, sink.bytes.length]).toEqual(['destroyed', error, 0]);
      return error;
    },
  },
  build: {
    options: BUILD,
    fails: (options) => failureOf(() => build(options)),
  },
  inspect: { options: INSPECT, fails: (options) => failureOf(() => inspect(options)) },
  openBuilder: { options: BUILDER, fails: (options) => failureOf(() => openBuilder(options)) },
  withBuilder: {
    options: BUILDER,
    fails: (options) => failureOf(() => withBuilder(options, mustNotRun)),
  },
  checkLimits: {
    options: LIMITS,
    fails: (options) => failureOf(async () => checkLimits(options)),
  },
  limitViolations: {
    options: LIMITS,
    fails: (options) => failureOf(async () => limitViolations({} as never, options)),
  },
};

describe.each(Object.entries(SUBJECTS))('%s', (_, { options, fails }) => {
  it.each(Object.entries(options))(
    'refuses every wrong value of %s with an error that names it',
    async (key, accepts) => {
      const wrong = VALUES.filter((value) => !accepts(value));
      for (const value of wrong) {
        const error = await fails({ [key]: value } as never);
        const shown = inspectValue(value);
        expect(error, `${key}: ${shown}`).toBeInstanceOf(DockerceptionError);
        const { kind, code, message } = error as DockerceptionError;
        expect([kind, code], `${key}: ${shown}: ${message}`).toEqual(['usage', 'USAGE_OPTION']);
        expect(message).toMatch(new RegExp(`^reading the option '${key}\\b[^']*': \\S.* \\S`));
      }
    },
  );

  it('refuses a key that is unknown, and offers the nearest', async () => {
    const [key = ''] = Object.keys(options);
    const error = await fails({ [`${key}x`]: 1 } as never);
    expect(error).toMatchObject({ kind: 'usage', code: 'USAGE_OPTION' });
    expect(error).toMatchObject({
      message: expect.stringMatching(`there is no '${key}x'$`) as string,
      hint: `did you mean '${key}'?`,
    });
  });

  it.each([[null], [42], ['options'], [[]], [true], [nothing]])(
    'refuses %j in place of its options',
    async (odd) => {
      const error = await fails(odd as never);
      expect(error).toMatchObject({ kind: 'usage', code: 'USAGE_OPTION' });
    },
  );
});

describe('the schemas', () => {
  it('name the options that are tested here', () => {
    expect(Object.keys(CONTEXT_SCHEMA)).toEqual(Object.keys(CONTEXT));
    expect(Object.keys(BUILD_SCHEMA).sort()).toEqual(Object.keys(BUILD).sort());
    expect(Object.keys(BUILDER_SCHEMA)).toEqual(Object.keys(BUILDER));
    expect(Object.keys(LIMITS_SCHEMA)).toEqual(Object.keys(LIMITS));
    expect(Object.keys(INSPECT_SCHEMA)).toEqual(Object.keys(INSPECT));
  });
});

const message = async (options: object): Promise<unknown> => {
  const error = await failureOf(() => build(options));
  return [(error as Error).message, (error as DockerceptionError).hint];
};

describe('a message about a wrong option', () => {
  it.each([
    [
      { owner: '1000' },
      "reading the option 'owner': '1000' is not { uid, gid } or 'keep'",
      'parseOwner reads UID[:GID]',
    ],
    [
      { owner: { uid: 5 } },
      "reading the option 'owner': an object is not { uid, gid } or 'keep'",
      'parseOwner reads UID[:GID]',
    ],
    [
      { call: 'targes' },
      "reading the option 'call': 'targes' is not one of check, outline, targets",
      "did you mean 'targets'?",
    ],
    [
      { engine: 'embeded' },
      "reading the option 'engine': 'embeded' is not one of auto, docker, buildkit, embedded",
      "did you mean 'embedded'?",
    ],
    [{ tags: 'x' }, "reading the option 'tags': 'x' is not a list", 'as in ["a", "b"]'],
    [
      { tags: ['a', 'B'] },
      "reading the option 'tags[1]': 'B' is not a name of an image",
      'as in registry:5000/team/app:1.10',
    ],
    [
      { buildArgs: ['A=1'] },
      "reading the option 'buildArgs': a list is not an object",
      'as in { name: "value" }',
    ],
    [
      { outputs: [{ type: 'oic', dest: 'a.tar', attributes: {} }] },
      "reading the option 'outputs[0].type': 'oic' is not one of docker, oci, tar, local",
      "did you mean 'oci'?",
    ],
    [
      { platforms: ['linux/amd46'] },
      `reading the option 'platforms[0]': 'linux/amd46' is not a platform: there is no architecture "amd46"`,
      'as in linux/amd64 or linux/arm/v7',
    ],
    [
      { compression: { type: 'gzip', level: 12 } },
      "reading the option 'compression': an object is not a compression: " +
        '"12" is not a level of gzip: 1 to 9',
      undefined,
    ],
    [
      { limits: { maxWaste: { percent: 101 } } },
      "reading the option 'limits.maxWaste.percent': 101 is not a number from 0 to 100",
      undefined,
    ],
    [
      { add: [{ host: 'a', target: 'b' }] },
      "reading the option 'add[0]': an object has no 'dest'",
      'with { host, dest, concealed }',
    ],
    [{ context: 42 }, expect.stringContaining("'context': 42 is not a path"), undefined],
    [{ env: { TOKEN: 5 } }, "reading the option 'env.TOKEN': its value is not a string", undefined],
  ])('of %j is plain', async (options, text, hint) => {
    expect(await message(options)).toEqual([text, hint]);
  });
});

describe('a context whose options are refused', () => {
  it('is destroyed unread, by build and by filter', async () => {
    const contexts = [Readable.from([Buffer.alloc(1)]), Readable.from([Buffer.alloc(1)])];
    const [one, other] = contexts;
    await failureOf(() => build({ context: one, typo: 1 } as never));
    await failureOf(() => filter({ context: other, typo: 1 } as never).toArray());
    expect(contexts.map(({ destroyed }) => destroyed)).toEqual([true, true]);
    expect(contexts.map(({ readableDidRead }) => readableDidRead)).toEqual([false, false]);
  });

  it.each([{ mode: 'zzz' }, { prefix: '../x' }, { exclude: ['['] }, { file: '/abs' }])(
    'is destroyed, and so is the stream, when %j can not be read',
    async (options) => {
      const context = new Readable({ read: () => undefined });
      const error = await failureOf(() => filter({ context, ...options }).toArray());
      expect(error).toMatchObject({ kind: 'usage' });
      expect(context.destroyed).toBe(true);
    },
  );
});

describe('what shows an inspection', () => {
  const inspection = { root: { path: '/', kind: 'directory' }, layers: [] } as never;
  const look = { colour: false, bars: false, width: 80 };

  it.each<[string, () => unknown, string]>([
    ['differenceOf', () => differenceOf(undefined as never, inspection), "argument 'before': "],
    ['inspectionJson', () => inspectionJson(42 as never), "argument 'inspection': 42 is not an"],
    ['inspectionJson', () => inspectionJson(inspection, null as never), 'options: null is not'],
    [
      'inspectionJson',
      () => inspectionJson(inspection, { other: {} } as never),
      "option 'other': an object has no 'inspection'",
    ],
    ['renderText', () => renderText({} as never, look), "argument 'inspection': an object is not"],
    [
      'renderText',
      () => renderText(inspection, { ...look, width: '80' } as never),
      "option 'width': '80' is not a whole number",
    ],
    ['renderPage', () => renderPage({} as never), "argument 'subject.inspection': undefined is"],
    ['renderPage', () => renderPage(undefined as never), 'the subject of the page: undefined is'],
    [
      'renderPage',
      () => renderPage({ inspection }, { script: 1 } as never),
      "argument 'bundle': an object has no 'style'",
    ],
  ])('%s refuses a wrong argument at once', (_, call, part) => {
    const message = expect.stringContaining(part) as string;
    const error = { kind: 'usage', code: 'USAGE_OPTION', message };
    expect(call).toThrow(expect.objectContaining(error) as Error);
  });
});
