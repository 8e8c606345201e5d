/** The summary of a step: Markdown with the sizes of what was built, its layers and its findings. */
import { formatBytes } from '../dist/text/format.js';

/**
 * What is read of `inspect --json` (docs/inspect-json.md).
 * @typedef {{ readonly image?: { readonly id: string, readonly platform: string },
 *   readonly size: number, readonly total: number, readonly files: number,
 *   readonly layers: readonly Layer[], readonly waste: { readonly bytes: number },
 *   readonly findings: readonly Finding[] }} Inspection
 * @typedef {{ readonly contents: number, readonly compressed?: number, readonly entries: number,
 *   readonly createdBy?: string }} Layer
 * @typedef {{ readonly id: string, readonly severity: 'error' | 'warning' | 'info', readonly path?: string,
 *   readonly message: string, readonly advice: string }} Finding
 */

/** GitHub refuses a summary of more than 1 MiB. */
const MAX_ROWS = 100;

/**
 * @param {{ readonly title: string, readonly imageId: string, readonly digest: string }} built
 * @param {readonly Inspection[]} inspections of each platform
 */
export function summaryOf({ title, imageId, digest }, inspections) {
  return [
    `### ${markdown(title)}\n`,
    table(
      ['', ''],
      [['image ID', markdown(imageId)], ...(digest === '' ? [] : [['digest', markdown(digest)]])],
    ),
    ...inspections.flatMap(sectionsOf),
  ].join('\n');
}

/**
 * @param {string} title
 * @param {string} error
 */
export function failureSummary(title, error) {
  return `### ${markdown(title)}\n\n${error.split('\n').map(markdown).join('<br>')}\n`;
}

/** @param {Inspection} inspection */
function sectionsOf({ image, size, total, files, layers, waste, findings }) {
  const transferred = layers.map(({ compressed }) => compressed);
  const shown = findings.filter(({ severity }) => severity !== 'info');
  return [
    table(
      ['platform', 'size', 'visible', 'files', 'layers', 'compressed', 'waste'],
      [
        [
          markdown(image?.platform ?? ''),
          formatBytes(size),
          formatBytes(total),
          String(files),
          String(layers.length),
          transferred.includes(undefined) ? '' : formatBytes(sum(transferred)),
          formatBytes(waste.bytes),
        ],
      ],
    ),
    table(
      ['layer', 'files', 'compressed', 'entries', 'created by'],
      layers.map(({ contents, compressed, entries, createdBy = '' }, index) => [
        String(index),
        formatBytes(contents),
        compressed === undefined ? '' : formatBytes(compressed),
        String(entries),
        markdown(shortened(createdBy)),
      ]),
    ),
    ...(shown.length === 0
      ? []
      : [
          table(
            ['finding', 'path', 'problem', 'remedy'],
            shown.map(({ severity, id, path = '', message, advice }) =>
              [`${severity}: ${id}`, path, message, advice].map(markdown),
            ),
          ),
        ]),
  ];
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows cells of Markdown
 */
function table(head, rows) {
  const left = rows.length - MAX_ROWS;
  const lines = [head, head.map(() => '---'), ...rows.slice(0, MAX_ROWS)];
  const text = lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
  return left > 0 ? `${text}\n${left} more\n` : text;
}

/**
 * Text that Markdown shows as it is, on one line.
 * @param {string} text
 */
function markdown(text) {
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/[!-/:-@[-`{-~]/g, '\\$&')
    .trim();
}

/** @param {string} text */
function shortened(text) {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** @param {readonly (number | undefined)[]} numbers */
function sum(numbers) {
  return numbers.reduce((/** @type {number} */ all, one = 0) => all + one, 0);
}
