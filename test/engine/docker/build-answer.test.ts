import { describe, expect, it } from 'vitest';
import { BuildAnswer } from '../../../src/engine/docker/build.js';
import type { ProgressEvent, Vertex, VertexLog } from '../../../src/progress/events.js';
import { type Fixture, messagesOf } from './fixtures.js';

interface Played {
  readonly answer: BuildAnswer;
  readonly vertexes: readonly Vertex[];
  readonly logs: readonly VertexLog[];
}

function play(messages: readonly unknown[]): Played {
  const events: ProgressEvent[] = [];
  const answer = new BuildAnswer((event) => events.push(event));
  for (const message of messages) answer.take(message);
  answer.finish();
  const statuses = events.flatMap((event) => (event.kind === 'status' ? [event.status] : []));
  return {
    answer,
    vertexes: statuses.flatMap((status) => status.vertexes ?? []),
    logs: statuses.flatMap((status) => status.logs ?? []),
  };
}

/** The last that was said of each step, in the order they began. */
function final(vertexes: readonly Vertex[]): Vertex[] {
  return [...new Map(vertexes.map((vertex) => [vertex.digest, vertex])).values()];
}

describe('the answer to a build', () => {
  it.each<[Fixture, RegExp]>([
    ['docker20-classic', /^sha256:62df625c4dda/],
    ['podman', /^sha256:ddb4d464c1f6/],
  ])('of %s has the ID of the last stage', (name, id) => {
    const { answer, vertexes } = play(messagesOf(name));
    expect(answer.imageId).toMatch(id);
    expect(answer.error).toBeUndefined();
    for (const vertex of final(vertexes)) expect(vertex.completed, vertex.name).toBeDefined();
  });

  it('of the classic builder has the message, and the step that failed', () => {
    const { answer, vertexes } = play(messagesOf('docker20-classic-failed'));
    expect(answer.error).toMatch(/returned a non-zero code: 1$/);
    expect(final(vertexes).filter((vertex) => vertex.error)).toMatchObject([
      { name: expect.stringMatching(/6\/6\] RUN false/) as string },
    ]);
  });

  it('of the classic builder is reported as steps with their output, without IDs of layers', () => {
    const { vertexes, logs } = play(messagesOf('docker20-classic'));
    expect(final(vertexes).map(({ name }) => name)).toEqual([
      '[1/6] FROM dockerception-base AS a',
      '[2/6] RUN printf "gr\\303\\274n\\n"; echo bad >&2',
      '[3/6] FROM dockerception-base',
      '[4/6] COPY --from=a /bin/sh /sh',
      '[5/6] COPY hello /hello',
      '[6/6] RUN cat /hello',
    ]);
    expect(logs.map(({ vertex, stream, data }) => [vertex, stream, data])).toEqual([
      ['classic:2', 1, 'grün\n'],
      ['classic:2', 2, 'bad\n'],
      ['classic:6', 1, 'hello\n'],
    ]);
  });

  it('of Podman is reported as steps of stages', () => {
    const { vertexes, logs } = play(messagesOf('podman'));
    expect(final(vertexes).map(({ name }) => name)).toEqual([
      '[stage-1 1/2] FROM dockerception-base AS a',
      '[stage-1 2/2] RUN printf "gr\\303\\274n\\n"; echo bad >&2',
      '[stage-2 1/4] FROM dockerception-base',
      '[stage-2 2/4] COPY --from=a /bin/sh /sh',
      '[stage-2 3/4] COPY hello /hello',
      '[stage-2 4/4] RUN cat /hello',
    ]);
    expect(logs.map(({ data }) => data)).toEqual(['grün\n', 'bad\n', 'hello\n']);
  });

  it.each(['Docker', 'Podman'])('marks a step that %s took from its cache', (engine) => {
    const used =
      engine === 'Docker'
        ? [{ stream: 'Step 1/1 : RUN true' }, { stream: ' ---> Using cache\n' }]
        : [{ stream: 'STEP 1/1: RUN true\n' }, { stream: `--> Using cache ${'a'.repeat(64)}\n` }];
    const { vertexes, logs } = play(used);
    expect(final(vertexes)).toMatchObject([{ name: '[1/1] RUN true', cached: true }]);
    expect(logs).toEqual([]);
  });

  it('reports no output for `scratch`, which has no ID', () => {
    const { logs } = play([{ stream: 'Step 1/1 : FROM scratch' }, { stream: ' ---> \n' }]);
    expect(logs).toEqual([]);
  });

  it('shows a pull as statuses of the step that needs it', () => {
    const events: ProgressEvent[] = [];
    const answer = new BuildAnswer((event) => events.push(event));
    answer.take({ stream: 'Step 1/1 : FROM base' });
    answer.take({ status: 'Pulling from library/base', id: 'latest' });
    answer.take({ status: 'Downloading', id: 'abc', progressDetail: { current: 5, total: 10 } });
    answer.take({ status: 'Pull complete', id: 'abc', progressDetail: {} });
    const statuses = events.flatMap((event) =>
      event.kind === 'status' ? (event.status.statuses ?? []) : [],
    );
    expect(statuses).toMatchObject([
      { id: 'latest', vertex: 'classic:1' },
      { id: 'abc', current: 5, total: 10 },
      { id: 'abc', completed: expect.any(String) as string },
    ]);
  });

  it('keeps the first error, and accepts one without a message', () => {
    expect(play([{ error: 'first' }, { error: 'second' }]).answer.error).toBe('first');
    expect(play([{ errorDetail: { message: ' ' }, error: '' }]).answer.error).toBe(
      'the engine gave no reason',
    );
  });

  it('removes data structures of Podman from its error', () => {
    const why = 'Build error: Unknown instruction: "NONSENSE"';
    const dump = ' &imagebuilder.Step{Env:[]string{"A=}"}, Original:"NONSENSE \\"a}\\" {b"}';
    expect(play([{ error: why + dump }]).answer.error).toBe(why);
  });

  it('has no ID without a valid one', () => {
    const odd = [null, 1, 'text', [], {}, { aux: null }, { aux: { ID: 'abc' } }, { aux: 'x' }];
    expect(play(odd).answer.imageId).toBeUndefined();
  });
});
