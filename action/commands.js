/** What a step writes for GitHub's runner: commands on standard output, and files (docs.github.com, workflow commands). */
import { randomUUID } from 'node:crypto';

/**
 * An annotation.
 * @param {'error' | 'warning' | 'notice'} severity
 * @param {string} message
 * @param {Readonly<Record<string, string | number | undefined>>} properties `file`, `line`, `endLine`, `title`
 */
export function annotation(severity, message, properties = {}) {
  const given = Object.entries(properties).filter(
    ([, value]) => value !== undefined && value !== '',
  );
  const list = given.map(([name, value]) => `${name}=${escapeProperty(String(value))}`).join(',');
  return `::${severity}${list === '' ? '' : ` ${list}`}::${escapeMessage(message)}\n`;
}

/**
 * Commands around a log, which may contain lines that look like commands.
 * @returns {{ readonly before: string, readonly after: string }}
 */
export function withoutCommands() {
  const token = randomUUID();
  return { before: `::stop-commands::${token}\n`, after: `::${token}::\n` };
}

/** @param {string} text */
function escapeMessage(text) {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** @param {string} text */
function escapeProperty(text) {
  return escapeMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
