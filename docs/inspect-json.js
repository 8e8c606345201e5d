/** The tables of docs/inspect-json.md, from the schema. */

/**
 * @typedef {object} Schema
 * @property {string} [description]
 * @property {string | string[]} [type]
 * @property {unknown} [const]
 * @property {unknown[]} [enum]
 * @property {string} [$ref]
 * @property {Schema} [items]
 * @property {string[]} [required]
 * @property {Record<string, Schema>} [properties]
 * @property {Record<string, Schema>} [$defs]
 */

/** The heading of each table, in their order; tables of others stand below what they belong to. */
const HEADINGS = {
  image: 'image',
  layer: 'layers',
  waste: 'waste',
  hidden: 'waste.hidden',
  duplicate: 'waste.duplicates',
  finding: 'findings',
  exceeded: 'exceeded',
  offender: 'exceeded.offenders',
  entry: 'entries',
  elf: 'entries.elf',
  difference: 'difference',
  side: 'difference.before, difference.after',
  sum: 'difference.totals, each',
  differenceEntry: 'difference.entries',
};

/**
 * @param {unknown} document
 * @returns {string}
 */
export function schemaTables(document) {
  const schema = /** @type {Schema} */ (document);
  const defs = schema.$defs ?? {};
  return [
    `## The document\n\n${table(schema, defs)}`,
    ...Object.entries(HEADINGS).map(
      ([name, heading]) =>
        `## \`${heading}\`\n\n${table(/** @type {Schema} */ (defs[name]), defs)}`,
    ),
  ].join('\n\n');
}

/**
 * @param {Schema} schema
 * @param {Record<string, Schema>} defs
 */
function table(schema, defs) {
  const rows = [...members(schema, '', defs)].map((cells) => `| ${cells.join(' | ')} |`);
  return ['| member | type | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

/**
 * Members in members that have no table of their own stand below them.
 * @param {Schema} schema
 * @param {string} place
 * @param {Record<string, Schema>} defs
 * @returns {Generator<string[]>}
 */
function* members(schema, place, defs) {
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const optional = schema.required?.includes(name) ? '' : ', optional';
    const { description = '' } = member;
    const text = description.replace(/\.$/, '').replaceAll('|', '\\|');
    yield [`${place}\`${name}\``, `${typeOf(member, defs)}${optional}`, text];
    yield* members(member, `${place}\`${name}\`.`, defs);
  }
}

/**
 * @param {Schema} schema
 * @param {Record<string, Schema>} defs
 * @returns {string}
 */
function typeOf(schema, defs) {
  if (schema.$ref !== undefined)
    return typeOf(/** @type {Schema} */ (defs[schema.$ref.slice(8)]), defs);
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.items !== undefined) return `array: ${typeOf(schema.items, defs)}`;
  return [schema.type].flat().join(' or ');
}
