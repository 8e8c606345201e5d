/** `inspect`, against `zcat` and `tar t` of all layers. @type {import('../run.js').Row[]} */
export const inspect = [
  { ...listed('the 50,000 files', 'SMALL'), goal: 1.8, byProcessor: true },
  { ...listed('500 MB in four layers', 'TREES'), goal: 1.5 },
  ...['', '--json', '--html $DIR/page.html'].map((view) => ({
    work: `peak memory of \`inspect${view && ' '}${view.split(' ')[0]}\`, 100,000 entries`,
    unit: /** @type {const} */ ('MB'),
    goal: 200,
    own: `$TOOL inspect ${view} $MANY_IMAGE`,
  })),
];

/** @param {string} what @param {string} name */
function listed(what, name) {
  return {
    work: `\`inspect\` of ${what}, against \`zcat\` and \`tar t\``,
    peer: 'both',
    own: `$TOOL inspect $${name}_IMAGE`,
    against: `for layer in $${name}_LAYERS/*; do zcat $layer | tar t; done`,
  };
}
