/** An answer's body, read within bounds; and what a registry says when it refuses. */
import { printable } from '../../text/printable.js';
import { redact } from '../../text/redact.js';
import type { Answer } from './exchange.js';
import { ConnectionFailure, ContentFailure, HttpFailure } from './failure.js';

/** Bytes of an error's body that are looked at. */
const MAX_ERROR = 64 * 1024;
/** Bytes that are read away so that the connection can be used again; beyond it is closed. */
const MAX_REST = 1 << 20;

/**
 * Reads a whole body.
 *
 * @throws ContentFailure when it is longer than `limit` bytes; ConnectionFailure when it breaks off.
 */
export async function readBody(answer: Answer, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of bodyOf(answer)) {
    length += chunk.length;
    if (length > limit) throw new ContentFailure(`the answer is longer than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The chunks of a body; what breaks it is a ConnectionFailure. Leaving early closes the connection. */
export async function* bodyOf({ stream, url }: Answer): AsyncGenerator<Buffer> {
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw new ConnectionFailure(url, error, false);
  }
}

/** Reads the rest away; never fails. */
export async function discard({ stream }: Answer): Promise<void> {
  let length = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAX_REST) break;
    }
  } catch {
    // Nobody needs it.
  }
}

/** Makes an error of an answer that is no success, of what its body says. */
export async function refusal(answer: Answer): Promise<HttpFailure> {
  const body = await readBody(answer, MAX_ERROR).catch(() => Buffer.alloc(0));
  const { code, message } = firstError(body);
  const after = answer.headers['retry-after'];
  // The cut must not leave the first half of a secret.
  const reason = printable(redact(message || code), 300);
  return new HttpFailure(answer.url, answer.status, code, reason, waitOf(after));
}

/** `{"errors":[{"code","message","detail"}]}`: OCI distribution-spec, "Error Codes". */
function firstError(body: Buffer): { readonly code: string; readonly message: string } {
  const none = { code: '', message: '' };
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    return none;
  }
  const { errors, details, message, error } = (json ?? {}) as Record<string, unknown>;
  const list: unknown = Array.isArray(errors)
    ? errors[0]
    : { message: details ?? message ?? error };
  const first = (list ?? {}) as Record<string, unknown>;
  const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');
  return { code: text(first['code']), message: text(first['message']) };
}

/** Seconds or a date (RFC 9110, section 10.2.3), as milliseconds from now. */
function waitOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}
