/** The arguments of the command line, from the inputs of the action. */

/** The option of an input, if its name differs. */
const OPTIONS = { platforms: 'platform', 'build-args': 'build-arg' };
const VALUES = ['file', 'from-image', 'engine', 'max-size', 'max-layers', 'max-waste'];
const LISTS = ['tag', 'from', 'artifacts', 'platforms', 'build-args', 'output', 'insecure', 'deny'];
const SWITCHES = ['push', 'load', 'deny-setuid', 'deny-ids', 'must-run'];

/** @typedef {Readonly<Record<string, string>>} Inputs an input that is not given is empty */

/**
 * The elements of a list: its lines, without empty ones.
 * @param {string | undefined} text
 */
export function linesOf(text = '') {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/**
 * @param {Inputs} inputs
 * @param {string} name
 */
export function isOn(inputs, name) {
  const value = (inputs[name] ?? '').trim();
  if (['true', 'false', ''].includes(value)) return value === 'true';
  throw new Error(`the input ${name} is true or false, not ${JSON.stringify(value)}`);
}

/**
 * The arguments of the build. No value can become an option: each is joined to its own.
 * @param {Inputs} inputs
 * @param {readonly string[]} own options of the action
 */
export function buildArguments(inputs, own) {
  const { from = '', 'from-image': image = '', context = '' } = inputs;
  const values = VALUES.flatMap((name) => {
    const value = (inputs[name] ?? '').trim();
    return value === '' ? [] : [`--${name}=${value}`];
  });
  const lists = LISTS.flatMap((name) =>
    linesOf(inputs[name]).map((value) => `--${optionOf(name)}=${value}`),
  );
  const switches = SWITCHES.filter((name) => isOn(inputs, name)).map((name) => `--${name}`);
  const hasBuilder = from.trim() !== '' || image.trim() !== '';
  const place = context.trim() || (hasBuilder ? '' : '.');
  return [
    'build',
    ...own,
    ...values,
    ...lists,
    ...switches,
    ...(place === '' ? [] : [pathOf(place)]),
    ...linesOf(inputs['args']),
  ];
}

/**
 * The arguments of `inspect --json` for what was built: each platform's image.
 * @param {Inputs} inputs
 * @param {{ readonly imageId: string, readonly digest: string }} built
 */
export function inspectArguments(inputs, { imageId, digest }) {
  const [tag] = linesOf(inputs['tag']);
  const archive = linesOf(inputs['output']).map(archiveOf).find(Boolean);
  const pushed = isOn(inputs, 'push') && tag !== undefined && digest !== '';
  // The digest names what was pushed, even if another build has moved the tag.
  const target = pushed
    ? `docker-image://${tag.replace(/:[^/:]*$/, '')}@${digest}`
    : (archive ?? imageId);
  const insecure = linesOf(inputs['insecure']).map((host) => `--insecure=${host}`);
  const platforms = linesOf(inputs['platforms']).flatMap((line) => line.split(','));
  const each = platforms.length > 1 ? platforms.map((one) => [`--platform=${one.trim()}`]) : [[]];
  return each.map((platform) => ['inspect', '--json', ...insecure, ...platform, target]);
}

/** @param {string} name */
function optionOf(name) {
  return Object.hasOwn(OPTIONS, name) ? OPTIONS[/** @type {keyof OPTIONS} */ (name)] : name;
}

/**
 * A path that is no option.
 * @param {string} path
 */
function pathOf(path) {
  return path.startsWith('-') ? `./${path}` : path;
}

/**
 * The image archive or layout that an output writes; undefined for others.
 * @param {string} output
 */
function archiveOf(output) {
  if (!output.includes('=')) return pathOf(output);
  const fields = new Map(
    output.split(',').map((field) => /** @type {[string, string]} */ (field.split('=', 2))),
  );
  const dest = fields.get('dest');
  return dest !== undefined && ['oci', 'docker'].includes(fields.get('type') ?? '')
    ? pathOf(dest)
    : undefined;
}
