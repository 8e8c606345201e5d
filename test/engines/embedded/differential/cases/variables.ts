/** ARG, ENV and what stands in `${…}`. */
import { rich } from '../bases.js';
import type { Case } from '../case.js';
import { onRich, onScratch } from './on.js';

const lines: Readonly<Record<string, readonly string[]>> = {
  'sets pairs, quotes and escapes': [
    `ENV x="1 2" y=3\\ 4 z='q $A' w="$A-\${x}" e=`,
    `ENV a="x\\"y" b='x\\y' c=x\\\\y d="\\$PATH" e="\${PATH}" f=\\$PATH g=a"b"'c'`,
  ],
  'sets one in the old form': ['ENV a b  c', 'ENV d "e f"', 'ENV g $A=h'],
  'keeps the place of what it sets anew': ['ENV PATH=$PATH:/x A=1 B=$A', 'ENV C=$A$B'],
  'expands with what was there before the instruction': ['ENV x=1', 'ENV x=2 y=$x', 'ENV z=$y$x'],
  'substitutes defaults and alternatives': [
    'ENV V=foo E=',
    'ENV a=${V:-d} b=${N:-d} c=${E:-d} d=${E-d} e=${N-u}',
    'ENV f=${V:+p} g=${N:+p} h=${E:+p} i=${V+p} j=${E+p} k=${N+p}',
    'ENV l=${V:?x} m=${V?x} n=${E?x}',
  ],
  'substitutes defaults that have variables': [
    'ENV V=foo',
    'ENV a=${N:-${V}} b=${N:-$V/x} c=${N:-"q r"} d=${N:-${M:-deep}}',
  ],
  'takes prefixes and suffixes off': [
    'ENV V=foo.tar.gz P=*.',
    'ENV a=${V#*.} b=${V##*.} c=${V%.*} d=${V%%.*} e=${V#f?o} f=${V%[a-z]} g=${V#x} h=${V##*}',
  ],
  replaces: [
    'ENV V=foo.tar.gz',
    'ENV a=${V/o/0} b=${V//o/0} c=${V/o*./X} d=${V/x/y} e=${V//./} f=${V/tar/$V}',
  ],
  'expands in labels, but not in single quotes': [
    `LABEL a=$A b="$A" c='$A' $A=d "e f"="g \${A}"`,
    'LABEL old style value',
    'LABEL multi="x\\\n  y" nl="line1\\nline2"',
  ],
  'expands everywhere it should': [
    'ARG P=81 U=alice S=9 D=/d',
    'EXPOSE $P ${P}/udp',
    'USER $U',
    'STOPSIGNAL $S',
    'VOLUME $D ["$D"]',
    'WORKDIR $D',
  ],
  'expands nothing in commands': [
    'CMD echo $A',
    'ENTRYPOINT ["$A"]',
    'HEALTHCHECK CMD $A',
    'SHELL ["$A"]',
    'ONBUILD ENV B=$A',
  ],
  'expands nothing to nothing': ['ENV a=$NOPE b=${NOPE} c="x$NOPE" d=x${NOPE}y', 'EXPOSE $NOPE'],
  'leaves a dollar that names nothing': ['ENV a=$ b="$" c=5$ d=$- e=a$/b'],
};

const args = (
  title: string,
  dockerfile: string,
  buildArgs: Readonly<Record<string, string>> = {},
): Case => ({
  title,
  dockerfile,
  options: { buildArgs },
});

/** Variables. */
export const variables: readonly Case[] = [
  ...Object.entries(lines).map(([title, instructions]) => ({
    title,
    dockerfile: onRich(...instructions),
  })),
  args('takes arguments', onRich('ARG A=1 B', 'ARG C=${A}x', 'ENV a=$A b=$B c=$C'), { B: 'bee' }),
  args(
    'takes the later of an argument and a variable',
    onRich('ENV a=$A', 'ARG A=1', 'ENV b=$A', 'ENV A=env', 'ENV c=$A'),
    {
      A: 'given',
    },
  ),
  args(
    'lets an argument stand before a variable of its name',
    onRich('ENV X=env', 'ARG X=arg', 'ENV c=$X'),
  ),
  args(
    'lets a given argument stand before a variable of its name',
    onRich('ENV X=env', 'ARG X=arg', 'ENV c=$X'),
    { X: 'given' },
  ),
  args(
    'lets an argument without a value leave a variable',
    onRich('ENV X=env', 'ARG X', 'ENV c=$X'),
  ),
  args(
    'takes arguments of the top where a stage asks for them',
    [
      'ARG V=1',
      'ARG W=${V}2',
      `FROM ${rich.reference}`,
      'ENV a=$V',
      'ARG V',
      'ARG W',
      'ARG X=${W}3',
      'ENV b=$V c=$W d=$X',
      'FROM scratch',
      'ARG V=9',
      'ENV b=$V c=$W',
      '',
    ].join('\n'),
  ),
  args(
    'takes what is given before any default',
    `ARG V=1\nARG W=\${V}2\nFROM ${rich.reference}\nARG V=9\nARG W\nENV b=$V c=$W\n`,
    {
      V: '5',
    },
  ),
  args(
    'takes arguments in FROM',
    `ARG V=${rich.reference}\nFROM \${V} AS named\nFROM \${X:-named}\nLABEL a=b\n`,
  ),
  args('does not mind an argument that nothing takes', onScratch('LABEL a=b'), { NOPE: '1' }),
  args(
    'shows the proxy where it is asked for',
    onScratch('ENV a=$HTTP_PROXY', 'ARG HTTP_PROXY', 'ENV c=$HTTP_PROXY'),
    {
      HTTP_PROXY: 'http://p',
    },
  ),
  args(
    'tells platforms where it is asked to',
    [
      'ARG BUILDPLATFORM',
      'FROM scratch AS first',
      'ENV none=$TARGETPLATFORM',
      'ARG TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT TARGETSTAGE',
      'ENV a=$TARGETPLATFORM b=$TARGETOS c=$TARGETARCH d=$TARGETVARIANT e=$TARGETSTAGE',
      'ARG BUILDPLATFORM BUILDOS BUILDARCH BUILDVARIANT',
      'ENV f=$BUILDPLATFORM g=$BUILDOS h=$BUILDARCH i=$BUILDVARIANT',
      '',
    ].join('\n'),
  ),
  {
    title: 'tells another platform, its variant and the target',
    dockerfile:
      'FROM scratch AS mine\nARG TARGETPLATFORM TARGETARCH TARGETVARIANT TARGETSTAGE\nENV a=$TARGETPLATFORM c=$TARGETARCH d=$TARGETVARIANT e=$TARGETSTAGE\n',
    options: { platforms: ['linux/arm/v7'], target: 'mine' },
  },
  {
    title: 'lets a default of its own stand in for a platform that is told',
    dockerfile: onScratch('ARG TARGETARCH=mine', 'ENV a=$TARGETARCH'),
  },
  {
    title: 'takes a given platform argument',
    dockerfile: onScratch('ARG TARGETARCH', 'ENV a=$TARGETARCH'),
    options: { buildArgs: { TARGETARCH: 'given' } },
  },
];
