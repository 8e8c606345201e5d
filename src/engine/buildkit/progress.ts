/**
 * Decodes BuildKit's progress, a `moby.buildkit.v1.StatusResponse` (moby/buildkit, api/services/control/control.proto).
 * Fields that are not shown (ranges, progress groups) are skipped.
 */
import { StringDecoder } from 'node:string_decoder';
import type {
  SolveStatus,
  Vertex,
  VertexLog,
  VertexStatus,
  VertexWarning,
} from '../../progress/events.js';
import { Message } from './protobuf.js';

/** Decodes the traces of one build, in order. */
export class TraceDecoder {
  /** A log may end inside a character, whose rest begins the next log of the same step. */
  readonly #decoders = new Map<string, StringDecoder>();

  /**
   * @param trace the message, or the base64 of it that a `moby.buildkit.trace` line has.
   * @throws RangeError if it is damaged.
   */
  decode(trace: string | Buffer): SolveStatus {
    const message = new Message(typeof trace === 'string' ? Buffer.from(trace, 'base64') : trace);
    return {
      vertexes: message.messages(1).map(vertexOf),
      statuses: message.messages(2).map(statusOf),
      logs: message.messages(3).map((log) => this.#logOf(log)),
      warnings: message.messages(4).map(warningOf),
    };
  }

  #logOf(message: Message): VertexLog {
    const vertex = message.text(1);
    const stream = message.integer(3) === 2 ? 2 : 1;
    const key = `${stream} ${vertex}`;
    const decoder = this.#decoders.get(key) ?? new StringDecoder('utf8');
    this.#decoders.set(key, decoder);
    const data = decoder.write(message.bytes(4));
    return { vertex, stream, data, timestamp: timeOf(message, 2) ?? new Date().toISOString() };
  }
}

function vertexOf(message: Message): Vertex {
  const inputs = message.texts(2);
  const error = message.text(7);
  const isFailed = error !== '' && existingImage(error) === undefined;
  return {
    digest: message.text(1),
    name: message.text(3),
    inputs: inputs.length > 0 ? inputs : undefined,
    cached: message.integer(4) === 1 || undefined,
    started: timeOf(message, 5),
    completed: timeOf(message, 6),
    error: isFailed ? withoutReferences(error) : undefined,
  };
}

function statusOf(message: Message): VertexStatus {
  return {
    id: message.text(1),
    vertex: message.text(2),
    name: message.text(3) || undefined,
    current: message.integer(4),
    total: message.integer(5) || undefined,
    timestamp: timeOf(message, 6) ?? new Date().toISOString(),
    started: timeOf(message, 7),
    completed: timeOf(message, 8),
  };
}

function warningOf(message: Message): VertexWarning {
  const detail = message.texts(4);
  return {
    vertex: message.text(1),
    level: message.integer(2),
    short: message.text(3),
    detail: detail.length > 0 ? detail : undefined,
    url: message.text(5) || undefined,
  };
}

/** `google.protobuf.Timestamp`, with its nanoseconds. */
function timeOf(message: Message, number: number): string | undefined {
  const time = message.message(number);
  if (time === undefined) return undefined;
  const date = new Date(time.integer(1) * 1000);
  if (Number.isNaN(date.getTime())) return undefined;
  return date.toISOString().replace(/000Z$/, `${String(time.integer(2)).padStart(9, '0')}Z`);
}

/** The message without BuildKit's internal references, such as `ref 1uix…::h4x…`. */
export function withoutReferences(text: string): string {
  return text.replace(/ of ref [0-9a-z]{20,}::[0-9a-z]{20,}: /g, ' of ');
}

/** The error of Engine 28 if another build has written the same unnamed image at the same time. */
const ALREADY_EXISTS = /^image "moby-dangling@(sha256:[0-9a-f]{64})": already exists$/;

/** The ID of the image if it could not be exported only because it exists. */
export function existingImage(error: string): string | undefined {
  return ALREADY_EXISTS.exec(error)?.[1];
}
