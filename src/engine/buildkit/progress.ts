/**
 * Decodes BuildKit's progress, a `moby.buildkit.v1.StatusResponse` (moby/buildkit, api/services/control/control.proto).
 * Progress groups and the content of a source are skipped.
 */
import { StringDecoder } from 'node:string_decoder';
import type {
  SolveStatus,
  SourceInfo,
  SourcePosition,
  Vertex,
  VertexLog,
  VertexStatus,
  VertexWarning,
} from '../../progress/events.js';
import * as messages from './messages.js';

type Value<M extends { parse(content: Buffer): unknown }> = ReturnType<M['parse']>;
type Time = Partial<Value<typeof messages.Timestamp>> | undefined;

/** Decodes the traces of one build, in order. */
export class TraceDecoder {
  /** A log may end inside a character, whose rest begins the next log of the same step. */
  readonly #decoders = new Map<string, StringDecoder>();

  /** @throws RangeError if it is damaged. */
  decode(trace: Buffer): SolveStatus {
    const { vertexes, statuses, logs, warnings } = messages.StatusResponse.parse(trace);
    return {
      vertexes: vertexes.map(vertexOf),
      statuses: statuses.map(statusOf),
      logs: logs.map((log) => this.#logOf(log)),
      warnings: warnings.map(warningOf),
    };
  }

  #logOf({ vertex, stream: number, msg, timestamp }: Value<typeof messages.VertexLog>): VertexLog {
    const stream = number === 2 ? 2 : 1;
    const key = `${stream} ${vertex}`;
    const decoder = this.#decoders.get(key) ?? new StringDecoder('utf8');
    this.#decoders.set(key, decoder);
    return { vertex, stream, data: decoder.write(msg), timestamp: textOf(timestamp) ?? now() };
  }
}

function vertexOf(vertex: Value<typeof messages.Vertex>): Vertex {
  const { digest, name, inputs, cached, error } = vertex;
  return {
    digest,
    name,
    ...(inputs.length > 0 && { inputs }),
    ...(cached && { cached }),
    ...startAndEnd(vertex),
    ...(error !== '' && existingImage(error) === undefined && { error: withoutReferences(error) }),
  };
}

function statusOf(status: Value<typeof messages.VertexStatus>): VertexStatus {
  const { id, vertex, name, current, total, timestamp } = status;
  return {
    id,
    vertex,
    ...(name !== '' && { name }),
    current,
    ...(total !== 0 && { total }),
    timestamp: textOf(timestamp) ?? now(),
    ...startAndEnd(status),
  };
}

function warningOf({
  detail,
  url,
  info,
  ranges,
  ...warning
}: Value<typeof messages.VertexWarning>): VertexWarning {
  const range = ranges.map(({ start, end }) => ({
    start: positionOf(start),
    end: positionOf(end),
  }));
  return {
    ...warning,
    ...(detail.length > 0 && { detail }),
    ...(url !== '' && { url }),
    ...(info !== undefined && { sourceInfo: sourceOf(info) }),
    ...(range.length > 0 && { range }),
  };
}

function sourceOf({ filename, language }: { filename: string; language: string }): SourceInfo {
  return { filename, ...(language !== '' && { language }) };
}

function positionOf(
  position: { readonly line: number; readonly character: number } | undefined,
): SourcePosition {
  const { line = 0, character = 0 } = position ?? {};
  return { line, ...(character !== 0 && { character }) };
}

function startAndEnd(times: {
  readonly started: Time;
  readonly completed: Time;
}): Pick<Vertex, 'started' | 'completed'> {
  const [started, completed] = [textOf(times.started), textOf(times.completed)];
  return {
    ...(started !== undefined && { started }),
    ...(completed !== undefined && { completed }),
  };
}

function now(): string {
  return new Date().toISOString();
}

/** ISO 8601 with nanoseconds. */
function textOf(time: Time): string | undefined {
  if (time === undefined) return undefined;
  const date = new Date((time.seconds ?? 0) * 1000);
  if (Number.isNaN(date.getTime())) return undefined;
  return date.toISOString().replace(/000Z$/, `${String(time.nanos ?? 0).padStart(9, '0')}Z`);
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
