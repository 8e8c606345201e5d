/**
 * Whether the members of a configuration are what everybody takes them for: OCI image-spec, config.md. Go's
 * engines refuse one whose members are of other types; `null` is the same as nothing to them.
 */

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const mapOf =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(check);
const objectOf =
  (shape: Shape): Check =>
  (value) =>
    isObject(value) && oddMember(value, shape) === undefined;
const anything: Check = () => true;

const CONTAINER: Shape = {
  User: text,
  ExposedPorts: mapOf(anything),
  Env: listOf(text),
  Entrypoint: listOf(text),
  Cmd: listOf(text),
  Volumes: mapOf(anything),
  WorkingDir: text,
  Labels: mapOf(text),
  StopSignal: text,
  ArgsEscaped: flag,
  Healthcheck: objectOf({ Test: listOf(text) }),
  OnBuild: listOf(text),
  Shell: listOf(text),
};
const HISTORY: Shape = {
  created: text,
  created_by: text,
  author: text,
  comment: text,
  empty_layer: flag,
};
const CONFIG: Shape = {
  created: text,
  author: text,
  variant: text,
  'os.version': text,
  'os.features': listOf(text),
  history: listOf(objectOf(HISTORY)),
};

/** The member that isn't right, as `config.Env`; undefined when all are. */
export function oddConfigMember(config: Readonly<Record<string, unknown>>): string | undefined {
  const odd = oddMember(config, CONFIG);
  if (odd !== undefined) return odd;
  const { config: container } = config;
  const below = isObject(container) ? oddMember(container, CONTAINER) : undefined;
  return below === undefined ? undefined : `config.${below}`;
}

function oddMember(members: Readonly<Record<string, unknown>>, shape: Shape): string | undefined {
  return Object.entries(shape).find(
    ([name, check]) => (members[name] ?? undefined) !== undefined && !check(members[name]),
  )?.[0];
}
