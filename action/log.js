/** The log of a build, from its `--progress rawjson` on standard error: plain lines, warnings and errors. */
import { createDisplay } from '../dist/progress/create-display.js';

/**
 * A warning about a Dockerfile.
 * @typedef {{ readonly rule: string, readonly message: string, readonly filename: string | undefined,
 *   readonly line: number | undefined, readonly endLine: number | undefined,
 *   readonly builder: number | undefined }} DockerfileWarning `builder` counts builders from 1
 */

/** @typedef {import('../dist/progress/events.js').SolveStatus} SolveStatus */
/** @typedef {import('../dist/progress/events.js').VertexWarning} VertexWarning */

/** More of an error is in the log alone. */
const MAX_ERROR_LINES = 40;

/**
 * Shows the lines of a build, and keeps its warnings and the error that ends it.
 * @param {NodeJS.WritableStream} out
 */
export function buildLog(out) {
  const display = createDisplay('plain', out, {});
  /** @type {DockerfileWarning[]} */
  const warnings = [];
  /** @type {string[]} */
  const error = [];
  /** @param {string} line */
  const add = (line) => {
    const status = decode(line);
    if (status === undefined) {
      out.write(`${line}\n`);
      if (error.length > 0 || line.startsWith('dockerception: ')) error.push(line);
      return;
    }
    const all = status.warnings ?? [];
    display.report({ kind: 'status', status: { ...status, warnings: all.filter(isOfDockerfile) } });
    for (const { short } of all.filter((one) => !isOfDockerfile(one)))
      display.report({ kind: 'notice', message: short });
    warnings.push(...all.filter(isOfDockerfile).map(warningOf));
  };
  return {
    add,
    warnings,
    close: () => display.close(),
    /** What failed and why, and the next step; empty if nothing did. */
    error: () =>
      error
        .slice(0, MAX_ERROR_LINES)
        .join('\n')
        .replace(/^dockerception: /, '')
        .trimEnd(),
  };
}

/**
 * A line of BuildKit's progress; undefined for another line.
 * @param {string} line
 * @returns {SolveStatus | undefined}
 */
function decode(line) {
  if (!line.startsWith('{')) return undefined;
  /** @type {unknown} */
  let json;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  const status = /** @type {SolveStatus} */ (json);
  return {
    ...status,
    logs: (status.logs ?? []).map((log) => ({ ...log, data: text(log.data) })),
    warnings: (status.warnings ?? []).map((warning) => ({
      ...warning,
      short: text(warning.short),
      detail: (warning.detail ?? []).map(text),
    })),
  };
}

/** @param {string} base64 */
function text(base64) {
  return Buffer.from(base64, 'base64').toString();
}

/**
 * Others are notices, and findings in the image.
 * @param {VertexWarning} warning
 */
function isOfDockerfile({ sourceInfo, url }) {
  return sourceInfo !== undefined || url !== undefined;
}

/**
 * @param {VertexWarning} warning
 * @returns {DockerfileWarning}
 */
function warningOf({ vertex, short, sourceInfo, range = [] }) {
  const [, rule = 'Dockerfile', message = short] = /^([A-Z]\w+): (.*)$/s.exec(short) ?? [];
  // The only builder has no number.
  const [part, builder = '1'] = /^builder(?:-(\d+))?:/.exec(vertex) ?? [];
  return {
    rule,
    message,
    filename: sourceInfo?.filename,
    line: range[0]?.start.line,
    endLine: range[0]?.end.line,
    builder: part === undefined ? undefined : Number(builder),
  };
}
