/** Several stages, --from, --target. */
import { configured, rich } from '../bases.js';
import type { Case } from '../case.js';
import { dir, file } from '../entries.js';

const context = [file('app', 'app', { uid: 9, gid: 9 }), dir('d'), file('d/x')];

const stages = (title: string, lines: readonly string[], more: Partial<Case> = {}): Case => ({
  title,
  dockerfile: [...lines, ''].join('\n'),
  context,
  ...more,
});

const base = rich.reference;

/** Stages upon and out of each other. */
export const stagesOfBuilds: readonly Case[] = [
  stages('copies all of a stage', [
    `FROM ${base} AS s`,
    'WORKDIR /made',
    'COPY app /odd/x',
    'FROM scratch',
    'COPY --from=s / /',
  ]),
  stages('copies from a stage by its number', [
    `FROM ${base}`,
    'COPY app /odd/x',
    'FROM scratch',
    'COPY --from=0 /odd /odd',
  ]),
  stages('copies from a stage whatever the case of its name', [
    `FROM ${base} AS Stage`,
    'FROM scratch',
    'COPY --from=sTAGE /odd /n',
  ]),
  stages('copies from an image', ['FROM scratch', `COPY --from=${base} /capable /hard1 /hard2 /`]),
  stages('copies through links of a stage', [
    `FROM ${base} AS s`,
    'COPY app /bin/x',
    'FROM scratch',
    'COPY --from=s /bin /n',
    'COPY --from=s /bin/x /y',
    'COPY --from=s /tofile /z',
    'COPY --from=s /bin/../odd/sub/k* /pattern/',
  ]),
  stages('copies from the root of a stage, not from its working directory', [
    `FROM ${base} AS s`,
    'WORKDIR /odd',
    'FROM scratch',
    'COPY --from=s odd/sub /n',
  ]),
  stages('looks names up in the stage that is copied to', [
    'FROM scratch AS s',
    'COPY app /x',
    `FROM ${base}`,
    'COPY --from=s --chown=alice --chmod=600 /x /odd/',
  ]),
  stages('builds upon a stage, with what it is configured to', [
    `FROM ${base} AS s`,
    'COPY app /q',
    'ENV Z=1',
    'USER alice',
    'WORKDIR /odd',
    'FROM s',
    'COPY app r',
  ]),
  stages('takes the later of two stages of one name', [
    'FROM scratch AS s',
    'COPY app /x',
    'FROM scratch AS s',
    'COPY app /y',
    'FROM scratch',
    'COPY --from=s / /',
  ]),
  stages('does not run what is not needed', [
    `FROM ${base} AS s`,
    'RUN false',
    'FROM scratch',
    'COPY app /',
  ]),
  stages('does not pull what is not needed', [
    'FROM 127.0.0.1:1/nothing AS s',
    'FROM scratch',
    'COPY app /',
  ]),
  stages('copies in a chain of stages', [
    'FROM scratch AS one',
    'COPY d /d',
    'FROM scratch AS two',
    'COPY --from=one /d /e/f',
    'FROM scratch',
    'COPY --from=two /e /',
    'COPY --from=one /d/x /',
  ]),
  stages(
    'ends at the target',
    ['FROM scratch AS a', 'LABEL a=1', 'FROM a AS b', 'LABEL b=1', 'FROM b', 'RUN never'],
    { options: { target: 'B' } },
  ),
  stages('gives a stage named as a base its name', [
    `FROM ${configured.reference} AS busybox`,
    'FROM busybox',
    'LABEL c=3',
  ]),
  stages('makes an empty directory of nothing', ['FROM scratch', 'COPY --from=scratch / /x'], {}),
  stages(
    'refuses what a stage has not',
    [`FROM ${base} AS s`, 'FROM scratch', 'COPY --from=s /nope /n'],
    {
      refused: '"/nope": not found',
    },
  ),
  stages(
    'does not see what a layer took away',
    [`FROM ${base} AS s`, 'FROM scratch', 'COPY --from=s /gone /n'],
    {
      refused: '"/gone": not found',
    },
  ),
  stages('refuses a stage that copies from itself', ['FROM scratch AS s', 'COPY --from=s /x /n'], {
    refused: 'circular dependency detected on stage: s',
  }),
  stages(
    'refuses a stage that comes later',
    ['FROM scratch AS s', 'COPY --from=t /x /n', 'FROM s AS t'],
    {
      refused: 'it needs to be defined before current stage',
      options: { target: 's' },
    },
  ),
  stages('refuses a number that no stage has', ['FROM scratch', 'COPY --from=7 /x /n'], {
    refused: 'invalid stage index 7',
  }),
  stages(
    'refuses a variable in --from',
    ['ARG X=s', 'FROM scratch AS s', 'ARG X', 'COPY --from=$X /x /n'],
    {
      refused: 'variable expansion is not supported for --from',
    },
  ),
  stages('refuses a target that is not there', ['FROM scratch AS a', 'LABEL a=1'], {
    options: { target: 'zz' },
    refused: 'target stage "zz" could not be found',
  }),
  stages('takes a target by its number', ['FROM scratch', 'LABEL a=1', 'FROM scratch'], {
    options: { target: '0' },
    refused: 'target stage "0" could not be found',
    differs: {
      why: 'a number names a stage for --from, and did for --target in the classic builder',
      config: { Labels: { a: '1' } },
    },
  }),
  stages('refuses a stage whose name begins with a digit', ['FROM scratch AS 1a'], {
    refused: 'invalid name for build stage',
  }),
  stages(
    'passes by what no image can be called, where it is not needed',
    ['FROM a::b', 'FROM scratch', 'LABEL a=1'],
    {
      refused: 'failed to parse stage name',
      differs: {
        why: 'a stage that is not needed does no harm, whatever it needs itself',
        config: { Labels: { a: '1' } },
      },
    },
  ),
];
