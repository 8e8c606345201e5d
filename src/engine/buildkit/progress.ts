/**
 * BuildKit's progress: base64 of a `moby.buildkit.v1.StatusResponse` (moby/buildkit,
 * api/services/control/control.proto) goes in, a SolveStatus comes out. Fields that are not shown
 * (ranges, progress groups) are skipped.
 */
import { StringDecoder } from 'node:string_decoder';
import type {
  SolveStatus,
  Vertex,
  VertexLog,
  VertexStatus,
  VertexWarning,
} from '../../progress/events.js';
import { type Field, readFields } from './protobuf.js';

/** Decodes the traces of one build, in order. */
export class TraceDecoder {
  // A log's bytes may end inside of a character: its rest begins the next log of the same step.
  readonly #texts = new Map<string, StringDecoder>();

  /**
   * @param aux the `aux` of a `moby.buildkit.trace` line, or the message itself.
   * @throws RangeError when it is damaged.
   */
  decode(aux: string | Buffer): SolveStatus {
    const vertexes: Vertex[] = [];
    const statuses: VertexStatus[] = [];
    const logs: VertexLog[] = [];
    const warnings: VertexWarning[] = [];
    const message = typeof aux === 'string' ? Buffer.from(aux, 'base64') : aux;
    for (const field of readFields(message)) {
      if (field.number === 1) vertexes.push(vertex(field.bytes));
      else if (field.number === 2) statuses.push(status(field.bytes));
      else if (field.number === 3) logs.push(this.#log(field.bytes));
      else if (field.number === 4) warnings.push(warning(field.bytes));
    }
    return { vertexes, statuses, logs, warnings };
  }

  #log(message: Buffer): VertexLog {
    const fields = [...readFields(message)];
    const vertex = text(fields, 1);
    const stream = number(fields, 3) === 2 ? 2 : 1;
    const key = `${stream} ${vertex}`;
    const decoder = this.#texts.get(key) ?? new StringDecoder('utf8');
    this.#texts.set(key, decoder);
    const data = decoder.write(bytesOf(fields, 4) ?? Buffer.alloc(0));
    return { vertex, stream, data, timestamp: time(fields, 2) ?? new Date().toISOString() };
  }
}

function vertex(message: Buffer): Vertex {
  const fields = [...readFields(message)];
  const inputs = all(fields, 2);
  const error = text(fields, 7);
  return {
    digest: text(fields, 1),
    name: text(fields, 3),
    ...(inputs.length > 0 ? { inputs: inputs.map(utf8) } : {}),
    ...(number(fields, 4) === 1 ? { cached: true } : {}),
    ...optional('started', time(fields, 5)),
    ...optional('completed', time(fields, 6)),
    ...(error === '' || writtenMeanwhile(error) !== undefined
      ? {}
      : { error: withoutReferences(error) }),
  };
}

function status(message: Buffer): VertexStatus {
  const fields = [...readFields(message)];
  const name = text(fields, 3);
  const total = number(fields, 5);
  return {
    id: text(fields, 1),
    vertex: text(fields, 2),
    ...(name === '' ? {} : { name }),
    current: number(fields, 4),
    ...(total === 0 ? {} : { total }),
    timestamp: time(fields, 6) ?? new Date().toISOString(),
    ...optional('started', time(fields, 7)),
    ...optional('completed', time(fields, 8)),
  };
}

function warning(message: Buffer): VertexWarning {
  const fields = [...readFields(message)];
  const detail = all(fields, 4);
  const url = text(fields, 5);
  return {
    vertex: text(fields, 1),
    level: number(fields, 2),
    short: text(fields, 3),
    ...(detail.length > 0 ? { detail: detail.map(utf8) } : {}),
    ...(url === '' ? {} : { url }),
  };
}

/** `google.protobuf.Timestamp`, with its nanoseconds. */
function time(fields: readonly Field[], of: number): string | undefined {
  const message = bytesOf(fields, of);
  if (message === undefined) return undefined;
  const parts = [...readFields(message)];
  const seconds = BigInt.asIntN(64, parts.find((part) => part.number === 1)?.value ?? 0n);
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return undefined;
  return date.toISOString().replace(/000Z$/, `${String(number(parts, 2)).padStart(9, '0')}Z`);
}

function all(fields: readonly Field[], of: number): Buffer[] {
  return fields.filter((field) => field.number === of).map((field) => field.bytes);
}

/** The last one counts, as in every Protocol Buffers reader. */
function bytesOf(fields: readonly Field[], of: number): Buffer | undefined {
  return all(fields, of).at(-1);
}

function text(fields: readonly Field[], of: number): string {
  return utf8(bytesOf(fields, of) ?? Buffer.alloc(0));
}

function utf8(bytes: Buffer): string {
  return bytes.toString('utf8');
}

/** An int64, which for bytes and streams fits a number. */
function number(fields: readonly Field[], of: number): number {
  return Number(BigInt.asIntN(64, fields.findLast((field) => field.number === of)?.value ?? 0n));
}

function optional<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, string>);
}

/** BuildKit's message without its own references, which mean nothing to a reader: `ref 1uix…::h4x…`. */
export function withoutReferences(text: string): string {
  return text.replace(/ of ref [0-9a-z]{20,}::[0-9a-z]{20,}: /g, ' of ');
}

/** What BuildKit of Engine 28 says when another build has written the same unnamed image at the same time. */
const WRITTEN = /^image "moby-dangling@(sha256:[0-9a-f]{64})": already exists$/;

/** The ID of the image, which exists, when an export failed for no other reason. */
export function writtenMeanwhile(error: string): string | undefined {
  return WRITTEN.exec(error)?.[1];
}
