/**
 * Sizes on the command line: `10MB`, `1.5g`, `500k`, `64MiB`, `1234`. Units are powers of 1000, as `docker images` prints
 * them; those with an `i` are powers of 1024.
 */
import { DockerceptionError } from '../errors.js';
import type { Share } from '../options/limits.js';
import { printable } from '../text/printable.js';

const POWERS = ['', 'k', 'm', 'g', 't', 'p'];
const SIZE = /^(\d+(?:\.\d+)?|\.\d+) ?(?:([kmgtp])(i)?)?b?$/i;

/**
 * @param option for messages: `--max-size`
 * @returns a whole number of bytes
 * @throws DockerceptionError `SIZE` of kind `usage`
 */
export function parseSize(text: string, option = 'a size'): number {
  const [, number, letter = '', binary] = SIZE.exec(text.trim()) ?? [];
  const unit = (binary === undefined ? 1000 : 1024) ** POWERS.indexOf(letter.toLowerCase());
  const bytes = Math.round(Number(number) * unit);
  if (number !== undefined && Number.isSafeInteger(bytes)) return bytes;
  throw invalid(text, option, 'is not a size', '10MB is 10,000,000 bytes, 10MiB is 10,485,760');
}

/** A size, or a percentage of the image: `5%`. Throws like {@link parseSize}. */
export function parseSizeOrShare(text: string, option = 'a size'): number | Share {
  const trimmed = text.trim();
  if (!trimmed.endsWith('%')) return parseSize(text, option);
  const number = /^(?:\d+(?:\.\d+)?|\.\d+) ?%$/.exec(trimmed);
  const percent = parseFloat(trimmed);
  if (number !== null && percent <= 100) return { percent };
  throw invalid(text, option, 'is not a percentage', 'from 0% to 100%, or a size: 10MB');
}

/** A whole number. Throws like {@link parseSize}. */
export function parseCount(text: string, option = 'a number'): number {
  if (/^\d{1,15}$/.test(text.trim())) return Number(text);
  throw invalid(text, option, 'is not a number', `${option} 3`);
}

function invalid(text: string, option: string, what: string, hint: string): DockerceptionError {
  const value = text === '' ? 'nothing' : printable(text, 40);
  const message = `reading the command line: ${option}: ${value} ${what}`;
  return new DockerceptionError('usage', 'SIZE', message, { hint });
}
