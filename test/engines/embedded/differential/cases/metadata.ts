/** What the configuration says of running the image. */
import { configured } from '../bases.js';
import type { Case } from '../case.js';
import { onRich } from './on.js';

const upon = (...lines: readonly string[]): string =>
  [`FROM ${configured.reference}`, ...lines, ''].join('\n');

const lines: Readonly<Record<string, readonly string[]>> = {
  'keeps all of the base': [],
  'ENTRYPOINT takes the CMD of the base away': ['ENTRYPOINT ["x"]'],
  'ENTRYPOINT in words': ['SHELL ["/bin/sh", "-c"]', 'ENTRYPOINT x "$Q" y'],
  'ENTRYPOINT leaves a CMD of this stage': ['CMD ["c"]', 'ENTRYPOINT ["x"]'],
  'CMD leaves the ENTRYPOINT': ['CMD ["c"]'],
  'CMD in words that go on': ['SHELL ["sh", "-c"]', 'CMD echo "$HOME" \\', '  x  y'],
  'empty CMD': ['CMD []'],
  'CMD alone': ['CMD'],
  'empty ENTRYPOINT': ['ENTRYPOINT []'],
  'ENTRYPOINT twice': ['ENTRYPOINT ["x"]', 'CMD ["c"]', 'ENTRYPOINT ["y"]'],
  'what looks like JSON': ["CMD ['a', 'b']", 'ENTRYPOINT ["a", "b"'],
  'JSON with escapes': ['CMD ["a\\tb", "\\u00e9", "c\\\\d", ""]'],
  'SHELL for what follows': [
    'CMD one',
    'SHELL ["/bin/zsh", "-e"]',
    'ENTRYPOINT two',
    'HEALTHCHECK CMD three',
  ],
  EXPOSE: ['EXPOSE 80 443/tcp 53/udp 8000-8002 9/sctp 10/UDP 80:81 7000-7001/udp'],
  HEALTHCHECK: [
    'HEALTHCHECK --interval=5s --timeout=1m30s --start-period=10s --start-interval=500ms --retries=3 CMD curl  x',
  ],
  'HEALTHCHECK in JSON': ['HEALTHCHECK CMD ["a","b"]'],
  'HEALTHCHECK without times': ['HEALTHCHECK --retries=0 --interval=0s CMD x'],
  'HEALTHCHECK NONE': ['HEALTHCHECK NONE'],
  'HEALTHCHECK in lower case': ['healthcheck --interval=1h cmd x', 'HEALTHCHECK none'],
  STOPSIGNAL: ['STOPSIGNAL SIGRTMIN+3'],
  'STOPSIGNAL in other words': ['STOPSIGNAL term'],
  'STOPSIGNAL in a number': ['STOPSIGNAL 9'],
  'USER and group': ['USER alice:staff'],
  'USER of two words': ['USER a b'],
  MAINTAINER: ['MAINTAINER me <me@example.org>'],
  'MAINTAINER twice': ['MAINTAINER one', 'MAINTAINER two "$Q"'],
  "VOLUME beside the base's": ['VOLUME /a /b', 'VOLUME ["/c d"]', 'VOLUME rel'],
  'ONBUILD for later': [
    'ONBUILD COPY a /b',
    'ONBUILD ENV X=$Y',
    'onbuild label a=b',
    'ONBUILD RUN  x   y',
    'ONBUILD FOO',
  ],
  'ONBUILD that goes on': ['ONBUILD COPY a \\', '  /b'],
  "labels over the base's": ['LABEL a=2 c=3', 'LABEL b=', 'LABEL "d e"="f \\"g\\""'],
};

/** How containers are run. */
export const metadata: readonly Case[] = [
  ...Object.entries(lines).map(([title, instructions]) => ({
    title,
    dockerfile: upon(...instructions),
  })),
  {
    title: 'labels of the command line come last and are not expanded',
    dockerfile: onRich('LABEL a=1 base=2'),
    options: { labels: { a: '2', z: '$PATH', 'x.y': 'ä "q"' } },
  },
];
