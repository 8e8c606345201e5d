/** JSON documents of images, and the errors for invalid ones. */
import { DockerceptionError, messageOf } from '../errors.js';
import { printable } from '../text/printable.js';

/** Bytes that a manifest, an index or a configuration may have (OCI distribution-spec, "Pushing Manifests"). */
export const MAX_DOCUMENT = 4 << 20;
/** Levels of nesting. */
const MAX_DEPTH = 500;
const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses JSON; undefined if it is invalid. An error of the parser would quote the text, which may have secrets. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Parses a JSON object. Members that are `null` are removed: Go writes empty slices and maps as `null`.
 *
 * @param doing a gerund and its subject, for messages
 * @throws DockerceptionError of kind build, code IMAGE_INVALID.
 */
export function parseObject(bytes: Buffer, doing: string): JsonObject {
  if (jsonDepth(bytes) > MAX_DEPTH)
    throw invalidDocument(doing, `it nests deeper than ${MAX_DEPTH} levels`);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'), withoutNull);
  } catch (error) {
    throw invalidDocument(doing, `it is not JSON: ${printable(messageOf(error))}`, error);
  }
  if (!isObject(json)) throw invalidDocument(doing, 'it is not a JSON object');
  return json;
}

function withoutNull(this: unknown, _key: string, value: unknown): unknown {
  return value === null && !Array.isArray(this) ? undefined : value;
}

/** How deep a document nests, before JSON functions recurse as deep. Any number for what isn't JSON. */
function jsonDepth(bytes: Buffer): number {
  let [depth, deepest, inString] = [0, 0, false];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (OPENING.has(byte)) deepest = Math.max(deepest, ++depth);
    else if (CLOSING.has(byte)) depth--;
  }
  return deepest;
}

/** The error for an invalid document; `doing` is a gerund and its subject. */
export function invalidDocument(doing: string, why: string, cause?: unknown): DockerceptionError {
  return new DockerceptionError('build', 'IMAGE_INVALID', `${doing}: ${why}`, { cause });
}

/** The error for an invalid image in the file or folder `name`. */
export function invalidImage(name: string, why: string, cause?: unknown): DockerceptionError {
  return invalidDocument(`reading ${printable(name)}`, why, cause);
}
