/** Bases: what they bring along, platforms, triggers, further contexts. */
import { configured, rich, several, triggering } from '../bases.js';
import type { Case } from '../case.js';
import { file } from '../entries.js';

const context = [
  file('a'),
  file('app-amd64', 'for amd64'),
  file('app-arm64', 'for arm64'),
  file('app-arm', 'for arm'),
];

const stage = (title: string, lines: readonly string[], more: Partial<Case> = {}): Case => ({
  title,
  dockerfile: [...lines, ''].join('\n'),
  context,
  ...more,
});

/** Images to build upon. */
export const basesAndPlatforms: readonly Case[] = [
  stage('leaves a base as it is', [`FROM ${rich.reference}`]),
  stage('adds PATH where a base has none', [`FROM ${triggering.reference}`, 'LABEL z=$X']),
  stage('runs the triggers of a stage', [
    `FROM ${rich.reference} AS b`,
    'ONBUILD ENV T=1',
    'ONBUILD COPY a /triggered',
    'ONBUILD LABEL t=$T',
    'FROM b',
    'ENV U=$T',
  ]),
  stage('runs a trigger that copies from a stage', [
    'FROM scratch AS s',
    'COPY a /x',
    `FROM ${rich.reference} AS b`,
    'ONBUILD COPY --from=s /x /y',
    'FROM b',
  ]),
  stage('is of the platform of this machine by default', [`FROM ${several.reference}`, 'COPY a /']),
  stage('is of another platform', [`FROM ${several.reference}`, 'COPY a /'], {
    options: { platforms: ['linux/arm64'] },
  }),
  stage('is of a variant', [`FROM ${several.reference}`, 'COPY a /'], {
    options: { platforms: ['linux/arm/v7'] },
  }),
  stage(
    'is of several platforms, each with files of its own',
    [
      `FROM ${several.reference}`,
      'ARG TARGETARCH',
      'COPY app-$TARGETARCH /app',
      'LABEL arch=$TARGETARCH',
    ],
    { options: { platforms: ['linux/amd64', 'linux/arm64', 'linux/arm/v7'] } },
  ),
  stage('takes a stage of another platform', [
    `FROM --platform=linux/arm64 ${several.reference} AS other`,
    `FROM ${several.reference}`,
    'COPY --from=other /arch /other',
  ]),
  stage(
    'takes a stage of the platform that builds',
    [
      `FROM --platform=$BUILDPLATFORM ${several.reference} AS host`,
      'ARG TARGETARCH',
      'COPY app-$TARGETARCH /made',
      `FROM ${several.reference}`,
      'COPY --from=host /arch /host',
      'COPY --from=host /made /made',
    ],
    { options: { platforms: ['linux/arm64'] } },
  ),
  stage('says what scratch is of', ['FROM scratch', 'COPY a /'], {
    options: { platforms: ['linux/riscv64'] },
  }),
  stage('does not take another platform from scratch', [
    'FROM --platform=linux/arm64 scratch',
    'COPY a /',
  ]),
  stage(
    'is of the platform that was asked for, whatever a base that is no index says',
    [`FROM ${configured.reference} AS one`, 'COPY a /', 'FROM one', 'LABEL z=$X'],
    { options: { platforms: ['linux/arm/v7'] } },
  ),
  stage(
    'is of two platforms with a base that is of one',
    [`FROM ${configured.reference}`, 'ARG TARGETARCH', 'COPY app-$TARGETARCH /app'],
    { options: { platforms: ['linux/amd64', 'linux/arm64'] } },
  ),
  stage(
    'is of the platform that was asked for upon one that builds',
    [
      `FROM --platform=$BUILDPLATFORM ${several.reference}`,
      'ARG TARGETARCH',
      'COPY app-$TARGETARCH /app',
    ],
    { options: { platforms: ['linux/arm64'] } },
  ),
  stage('is of the platform of its base where nobody asked for one', [
    `FROM --platform=linux/arm64 ${several.reference}`,
    'COPY a /',
  ]),
  stage('is of the platform of a base that is no index, whatever FROM says', [
    `FROM --platform=linux/arm64 ${configured.reference}`,
    'COPY a /',
  ]),
  stage('refuses a platform that the base has not', [`FROM ${several.reference}`, 'COPY a /'], {
    options: { platforms: ['linux/s390x'] },
    refused: 'no match for platform in manifest',
  }),
  stage('refuses a base that is not there', [`FROM ${rich.reference}x`], { refused: 'not found' }),
  stage('takes a further context that is an image for a stage', ['FROM other', 'COPY a /'], {
    options: { buildContexts: { other: `docker-image://${configured.reference}` } },
  }),
  stage(
    'copies from a further context that is an image',
    ['FROM scratch', 'COPY --from=other /odd /odd'],
    {
      options: { buildContexts: { other: `docker-image://${rich.reference}` } },
    },
  ),
  stage(
    'takes a further context in place of a stage',
    ['FROM scratch AS other', 'COPY a /b', 'FROM other', 'COPY a /'],
    {
      options: { buildContexts: { other: `docker-image://${configured.reference}` } },
    },
  ),
  stage(
    'takes a further context in place of an image',
    ['FROM example.org/some/image:1', 'COPY a /'],
    {
      options: {
        buildContexts: { 'example.org/some/image:1': `docker-image://${configured.reference}` },
      },
    },
  ),
];
