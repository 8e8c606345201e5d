/**
 * Progress for programs, as buildx's `--progress rawjson`: lines of JSON, each a SolveStatus (BuildKit, client/graph.go)
 * with base64 for bytes. The context is a vertex.
 */
import { createHash } from 'node:crypto';
import { messageOf } from '../errors.js';
import { contextName, type Display, messageLine, type Output, Writer } from './display.js';
import type { ProgressEvent, SolveStatus, Vertex } from './events.js';

/** @param now returns milliseconds since 1970 */
export function jsonDisplay(out: Output, now: () => number = Date.now): Display {
  const writer = new Writer(out);
  const builder = digestOf('builder');
  let context: Vertex = { digest: digestOf('context'), name: 'context' };
  let builderSince: string | undefined;
  const send = (status: object): void => writer.write(`${JSON.stringify(status)}\n`);
  const time = (): string => new Date(now()).toISOString();

  const sendOutput = (text: string): void => {
    const timestamp = time();
    const logs = [{ vertex: builder, stream: 2 as const, data: text, timestamp }];
    if (builderSince !== undefined) return send(encode({ logs }));
    builderSince = timestamp;
    send(encode({ vertexes: [{ digest: builder, name: 'builder', started: timestamp }], logs }));
  };

  const report = (event: ProgressEvent): void => {
    if (event.kind === 'status') return send(encode(event.status));
    if (event.kind === 'output') return sendOutput(event.text);
    if (event.kind === 'notice' || event.kind === 'finding')
      return send(
        encode({ warnings: [{ vertex: context.digest, level: 1, short: messageLine(event) }] }),
      );
    const timestamp = time();
    const label = contextName(event);
    if (label !== context.name) context = { digest: digestOf(label), name: label };
    const started = context.started ?? timestamp;
    const end = event.done ? { completed: timestamp } : {};
    const changed = context.started === undefined || event.done;
    context = { ...context, started, ...end };
    const name = `${event.entries} entries`;
    const current = event.bytes;
    const id = 'transferring context';
    send({
      vertexes: changed ? [context] : undefined,
      statuses: [{ id, vertex: context.digest, name, current, timestamp, started, ...end }],
    });
  };
  const close = (error?: unknown): void => {
    if (error === undefined || context.started === undefined || context.completed !== undefined)
      return;
    context = { ...context, completed: time(), error: messageOf(error) };
    send({ vertexes: [context] });
  };
  return { report, close };
}

/** The digest of a vertex that is not BuildKit's. */
function digestOf(what: string): string {
  return `sha256:${createHash('sha256').update(`dockerception ${what}`).digest('hex')}`;
}

/** Encodes as Go does: `[]byte` as base64, without empty values. */
function encode(status: SolveStatus): object {
  const { vertexes, statuses, logs, warnings } = status;
  const encoded = {
    vertexes,
    statuses,
    logs: logs?.map((log) => ({ ...log, data: base64(log.data) })),
    warnings: warnings?.map((warning) => ({
      ...warning,
      short: base64(warning.short),
      detail: warning.detail?.map(base64),
    })),
  };
  return Object.fromEntries(Object.entries(encoded).filter(([, list]) => list?.length));
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
