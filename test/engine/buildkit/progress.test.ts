import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import * as messages from '../../../src/engine/buildkit/messages.js';
import { TraceDecoder } from '../../../src/engine/buildkit/progress.js';
import type { SolveStatus } from '../../../src/progress/events.js';
import { type Fixture, messagesOf } from '../docker/fixtures.js';

// The messages of BuildKit's control.proto, for a second opinion by a whole Protocol Buffers library.
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  message StatusResponse {
    repeated Vertex vertexes = 1; repeated VertexStatus statuses = 2;
    repeated VertexLog logs = 3; repeated VertexWarning warnings = 4;
  }
  message Vertex {
    string digest = 1; repeated string inputs = 2; string name = 3; bool cached = 4;
    Timestamp started = 5; Timestamp completed = 6; string error = 7;
  }
  message VertexStatus {
    string ID = 1; string vertex = 2; string name = 3; int64 current = 4; int64 total = 5;
    Timestamp timestamp = 6; Timestamp started = 7; Timestamp completed = 8;
  }
  message VertexLog { string vertex = 1; Timestamp timestamp = 2; int64 stream = 3; bytes msg = 4; }
  message VertexWarning {
    string vertex = 1; int64 level = 2; bytes short = 3; repeated bytes detail = 4; string url = 5;
    SourceInfo info = 6; repeated Range ranges = 7;
  }
  message SourceInfo { string filename = 1; bytes data = 2; string language = 4; }
  message Range { Position start = 1; Position end = 2; }
  message Position { int32 line = 1; int32 character = 2; }`);
const StatusResponse = root.lookupType('StatusResponse');

interface Time {
  readonly seconds: number;
  readonly nanos?: number;
}

function iso(time: Time | undefined): string | undefined {
  if (time === undefined) return undefined;
  const seconds = new Date(time.seconds * 1000).toISOString().slice(0, -5);
  return `${seconds}.${String(time.nanos ?? 0).padStart(9, '0')}Z`;
}

function tracesOf(name: Fixture): Buffer[] {
  return messagesOf(name)
    .map((message) => message as { id?: string; aux?: unknown })
    .filter(({ id }) => id === 'moby.buildkit.trace')
    .map(({ aux }) => Buffer.from(aux as string, 'base64'));
}

function decodeAll(name: Fixture): SolveStatus[] {
  const decoder = new TraceDecoder();
  return tracesOf(name).map((trace) => decoder.decode(trace));
}

describe('a trace of BuildKit', () => {
  it.each(['docker20-buildkit', 'docker28-buildkit', 'docker28-buildkit-failed'] as const)(
    'of %s is read as a whole Protocol Buffers library reads it',
    (name) => {
      const theirs = tracesOf(name).map((trace) => {
        const message = StatusResponse.decode(trace);
        const object = StatusResponse.toObject(message, { longs: Number, bytes: Array }) as Record<
          'vertexes' | 'statuses' | 'logs',
          Record<string, unknown>[] | undefined
        >;
        return {
          vertexes: (object.vertexes ?? []).map(({ started, completed, ...vertex }) => ({
            ...vertex,
            started: iso(started as Time),
            completed: iso(completed as Time),
          })),
          statuses: (object.statuses ?? []).map(
            ({ ID, started, completed, timestamp, ...status }) => ({
              current: 0,
              ...status,
              id: ID,
              started: iso(started as Time),
              completed: iso(completed as Time),
              timestamp: iso(timestamp as Time),
            }),
          ),
          logs: (object.logs ?? []).map(({ vertex, stream, msg, timestamp }) => ({
            vertex,
            stream,
            data: Buffer.from(msg as number[]).toString('utf8'),
            timestamp: iso(timestamp as Time),
          })),
          warnings: [],
        };
      });
      // toEqual takes a key that isn't there for one that is undefined.
      expect(decodeAll(name)).toEqual(theirs);
    },
  );

  it('contains steps with their output and its stream, and whether they were cached', () => {
    const all = decodeAll('docker28-buildkit');
    const names = all.flatMap(({ vertexes }) => vertexes ?? []).map(({ name }) => name);
    expect(names).toContain('[stage-1 3/4] COPY hello /hello');
    const logs = all.flatMap((status) => status.logs ?? []);
    expect(logs.map(({ stream, data }) => [stream, data])).toEqual(
      expect.arrayContaining([
        [1, 'grün\n'],
        [2, 'bad\n'],
        [1, 'hello\n'],
      ]),
    );
    const failed = decodeAll('docker28-buildkit-failed').flatMap(({ vertexes }) => vertexes ?? []);
    expect(failed.at(-1)?.error).toContain('did not complete successfully: exit code: 1');
  });

  it('joins a character that is split between two logs of a step', () => {
    const bytes = Buffer.from('grün 🎉');
    const log = (part: Buffer, vertex = 'sha256:a'): Buffer =>
      messages.StatusResponse.encode({
        logs: [{ vertex, stream: 1, msg: part, timestamp: undefined }],
      });
    for (let cut = 0; cut <= bytes.length; cut++) {
      const decoder = new TraceDecoder();
      const first = decoder.decode(log(bytes.subarray(0, cut)));
      // Another step's output in between is none of its business.
      const other = decoder.decode(log(Buffer.from('x'), 'sha256:b'));
      const second = decoder.decode(log(bytes.subarray(cut)));
      expect(`${first.logs?.[0]?.data}${second.logs?.[0]?.data}`).toBe('grün 🎉');
      expect(other.logs?.[0]?.data).toBe('x');
    }
  });

  it('contains a warning with its details', () => {
    const warning = {
      vertex: 'sha256:a',
      level: 1,
      short: 'short',
      detail: ['one', 'two'],
      url: 'https://docs.example',
    };
    const trace = messages.StatusResponse.encode({ warnings: [warning] });
    expect(new TraceDecoder().decode(trace).warnings).toEqual([warning]);
    const info = { filename: 'Dockerfile', data: Buffer.from('FROM x'), language: 'Dockerfile' };
    const ranges = [{ start: { line: 3 }, end: { line: 4, character: 5 } }, {}];
    const short = Buffer.from('short');
    const detail = [Buffer.from('one')];
    const theirs = { warnings: [{ vertex: 'sha256:a', level: 1, short, detail, info, ranges }] };
    const encoded = Buffer.from(StatusResponse.encode(theirs).finish());
    expect(new TraceDecoder().decode(encoded).warnings).toEqual([
      {
        ...{ vertex: 'sha256:a', level: 1, short: 'short', detail: ['one'] },
        sourceInfo: { filename: 'Dockerfile', language: 'Dockerfile' },
        range: [
          { start: { line: 3 }, end: { line: 4, character: 5 } },
          { start: { line: 0 }, end: { line: 0 } },
        ],
      },
    ]);
  });

  it('that is cut anywhere is an error or a shorter trace', () => {
    for (const trace of tracesOf('docker28-buildkit')) {
      for (let cut = 0; cut < trace.length; cut++) {
        try {
          new TraceDecoder().decode(trace.subarray(0, cut));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }
    }
  });
});
