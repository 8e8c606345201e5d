import { describe, expect, it } from 'vitest';
import type { ImageConfig } from '../../../src/image/config.js';
import { createdBy } from '../../../src/inspect/read/inspect-layers.js';

const config = (...history: object[]): ImageConfig => ({
  architecture: 'amd64',
  os: 'linux',
  rootfs: { type: 'layers', diff_ids: [] },
  history,
});

describe('the instruction that made a layer', () => {
  it.each([
    ['/bin/sh -c #(nop) ADD file:1 in / ', 'ADD file:1 in /'],
    ['/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]'],
    ['/bin/sh -c apt-get update &&     apt-get clean', 'RUN apt-get update && apt-get clean'],
    ['RUN /bin/sh -c make # buildkit', 'RUN make'],
    ['RUN |2 A=1 B=x y /bin/sh -c make # buildkit', 'RUN make'],
    ['|1 A=1 /bin/sh -c make', 'RUN make'],
    ['|1 A=1 /bin/sh -c #(nop) COPY a b', 'COPY a b'],
    ['|0 /bin/sh -c make', 'RUN make'],
    ['COPY app /app # buildkit', 'COPY app /app'],
    ['RUN ["/bin/make"]', 'RUN ["/bin/make"]'],
    ['bazel build ...', 'bazel build ...'],
    ['|1 A=1', '|1 A=1'],
    ['RUN powershell -Command x\n\ty', 'RUN powershell -Command x y'],
  ])('%j is %j', (text, expected) => {
    expect(createdBy(config({ created_by: text }), 1)).toEqual([expected]);
  });

  it('is unknown without a history, or if the history does not fit', () => {
    expect(createdBy(undefined, 2)).toEqual([undefined, undefined]);
    expect(createdBy(config({}, { created_by: '' }), 2)).toEqual([undefined, undefined]);
    expect(createdBy(config({ created_by: 'x' }), 2)).toEqual([undefined, undefined]);
    expect(createdBy(config({ created_by: 'x' }, { empty_layer: true }), 1)).toEqual(['x']);
  });

  it('is read once, however it is made', () => {
    const started = performance.now();
    for (const text of [
      '='.repeat(1e6),
      'A= '.repeat(3e5),
      '/bin/sh -c'.repeat(1e5),
      ' # buildkit'.repeat(1e5),
    ])
      createdBy(config({ created_by: `|1 ${text}` }, { created_by: text }), 2);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
