/** Everything but files, as Docker's reference of Dockerfiles describes it, sentence by sentence. */
import { configured, rich, triggering } from '../bases.js';
import type { Case, CaseOptions } from '../case.js';
import { file } from '../entries.js';

const context = [file('f', 'f'), file('a', 'a'), file('b', 'b')];

/** Instructions that change the configuration, upon one that has all of it. */
const onConfigured: Readonly<Record<string, readonly string[]>> = {
  'ENV with quotes, escapes and spaces': ['ENV A="a b" B=\'c d\' C=e\\ f D="g\\"h" E=\'i"j\''],
  'ENV in its old form': ['ENV A  b   c=d "e"'],
  'ENV that refers to itself in one line': ['ENV A=1', 'ENV A=2 B=$A C=${A}x'],
  'ENV that unsets nothing by being empty': ['ENV Q= R=""'],
  'ENV over several lines': ['ENV A=1 \\', '    B=2 \\', '    C="3 \\', '4"'],
  'every modifier that is documented': [
    'ENV v=bar-bar e=',
    'ENV a=${v:-x} b=${e:-x} c=${u:-x} d=${v:+x} f=${e:+x} g=${u:+x} h=${e-x} i=${e+x} j=${u-x}',
    'ENV k=${v#b*r} l=${v##b*r} m=${v%b*r} n=${v%%b*r} o=${v/bar/z} p=${v//bar/z} q=${v#}',
  ],
  'patterns in substitutions': [
    'ENV v=abcabc',
    'ENV a=${v#*b} b=${v##*b} c=${v%b*} d=${v%%b*} e=${v/?b/x} f=${v//?b/x} g=${v#\\*} h=${v//c/}',
  ],
  'escaped dollars': ['ENV A=1 B=\\$A C=\\${A} D=\'$A\' E="\\$A"'],
  'LABELs with quotes and several lines': [
    'LABEL a.b="1 2" \\',
    '  c=\'3\' "d e"=f',
    'LABEL a.b=over',
  ],
  'a LABEL with a variable in key and value': ['ARG k=key', 'LABEL $k=$k'],
  'EXPOSE of ports, protocols and ranges': ['EXPOSE 80 53/udp 7000-7003 9/sctp 443/TCP'],
  'EXPOSE of a variable': ['ARG p="8080 9090/udp"', 'EXPOSE $p'],
  'VOLUMEs in both forms': ['VOLUME /a /b', 'VOLUME ["/c", "/d e"]'],
  'a VOLUME with a variable': ['ENV d=/x', 'VOLUME $d/y'],
  'USERs by name, number and group': ['USER 1:2', 'USER alice'],
  'a USER in a variable': ['ARG u=7', 'USER ${u}:${u}'],
  'STOPSIGNAL by name': ['STOPSIGNAL SIGKILL'],
  'STOPSIGNAL by number': ['STOPSIGNAL 9'],
  'STOPSIGNAL in a variable': ['ARG s=RTMIN+3', 'STOPSIGNAL $s'],
  'a HEALTHCHECK with all options': [
    'HEALTHCHECK --interval=5m --timeout=3s --start-period=1m30s --start-interval=2s --retries=4 \\',
    '  CMD curl -f http://localhost/ || exit 1',
  ],
  'a HEALTHCHECK in exec form': ['HEALTHCHECK CMD ["/check", "a b"]'],
  'HEALTHCHECK NONE': ['HEALTHCHECK NONE'],
  'the last of several HEALTHCHECKs': ['HEALTHCHECK CMD one', 'HEALTHCHECK --retries=2 CMD two'],
  'SHELL, then shell forms': ['SHELL ["/bin/zsh", "-ec"]', 'CMD a "b c"', 'ENTRYPOINT d $e'],
  'shell forms before SHELL': ['CMD a', 'SHELL ["/bin/ash", "-c"]', 'HEALTHCHECK CMD b'],
  'CMD in exec form': ['CMD ["/a", "b c", "$d"]'],
  'CMD that is nearly JSON': ["CMD ['a', 'b']"],
  'an empty CMD list': ['CMD []'],
  'an ENTRYPOINT, which resets the base’s CMD': ['ENTRYPOINT ["/new"]'],
  'an ENTRYPOINT after a CMD, which stays': ['CMD ["x"]', 'ENTRYPOINT ["/new"]'],
  'a CMD after an ENTRYPOINT': ['ENTRYPOINT ["/new"]', 'CMD ["x"]'],
  'an empty ENTRYPOINT': ['ENTRYPOINT []'],
  'an empty ENTRYPOINT with an empty CMD': ['ENTRYPOINT []', 'CMD []'],
  MAINTAINER: ['MAINTAINER Someone <some@one.example>'],
  'ONBUILD of several kinds': ['ONBUILD COPY . /app', 'ONBUILD ENV a=$b', 'onbuild run make'],
  'keywords in any case': ['env A=1', 'Label b=2', 'eXpOsE 5', 'WorkDir /x', 'cOpY f /f'],
  'a WORKDIR that is relative to the base’s': ['WORKDIR sub'],
  'an ARG with a default, and one without': ['ARG a=1 b', 'ENV A=$a B=$b.'],
  'an ENV over an ARG of the same name': ['ARG Q=arg', 'ENV R=$Q', 'ENV Q=env', 'ENV S=$Q'],
  'an ARG after an ENV of the same name': ['ENV a=env', 'ARG a=arg', 'ENV b=$a'],
  'an ARG that refers to another': ['ARG a=1', 'ARG b=${a}2', 'ENV c=$b'],
  'a variable before its ARG': ['ENV a=${later:-none}', 'ARG later=1', 'ENV b=$later'],
};

/** Whole texts. */
const texts: Readonly<Record<string, string | readonly [string, CaseOptions]>> = {
  'comments and empty lines everywhere':
    '\n# one\n  # two\nFROM scratch\n\n   \n#x\nENV A=1 \\\n# inside\n\n  # and again\n  B=2\n\nCOPY f /\n# end',
  'a comment that is an argument': 'FROM scratch\nENV A=#b\nLABEL c="# d"\n',
  'white space before instructions': '  FROM scratch\n\tENV A=1\n   COPY f /\n',
  'carriage returns': 'FROM scratch\r\nENV A=1 \\\r\n  B=2\r\nCOPY f /\r\n',
  'a byte order mark': '\ufeffFROM scratch\nCOPY f /\n',
  'no line end at the end': 'FROM scratch\nCOPY f /',
  'a continuation at the end': 'FROM scratch\nENV A=1 \\\n',
  'a continuation with blanks behind it': 'FROM scratch\nENV A=1 \\   \n B=2\n',
  'a backtick as the escape': '# escape=`\nFROM scratch\nENV A=a`\n B=c:\\d C=e` f\nCOPY f `\n /\n',
  'an escape directive in capitals': '# ESCAPE = `\nFROM scratch\nENV A=1 `\n B=2\n',
  'an escape directive after a comment, which is none':
    '# x\n# escape=`\nFROM scratch\nENV A=1 \\\n B=2\n',
  'an escape directive after an empty line': '\n# escape=`\nFROM scratch\nENV A=1 \\\n B=2\n',
  'a check directive': '# check=skip=all\nFROM scratch\nENV A=1\n',
  'an unknown directive': '# unknown=x\n# escape=`\nFROM scratch\nENV A=1 \\\n B=2\n',
  'an ARG before FROM, in FROM and again in the stage': [
    'ARG base=scratch\nARG v=1\nFROM ${base}\nENV a=${v:-unset}\nARG v\nENV b=$v\n',
    { buildArgs: { v: '2' } },
  ],
  'an ARG before FROM, with another default in the stage':
    'ARG v=1\nFROM scratch\nARG v=2\nENV a=$v\nFROM scratch\nARG v\nENV b=$v\n',
  'a build argument that no ARG declares': [
    'FROM scratch\nENV a=${v:-unset}\nCOPY f /\n',
    { buildArgs: { HTTP_PROXY: 'http://x' } },
  ],
  'a build argument with an empty value': [
    'FROM scratch\nARG v=default\nENV a=x${v}x b=${v:-y}\n',
    { buildArgs: { v: '' } },
  ],
  'arguments of the platform': [
    'FROM --platform=$BUILDPLATFORM scratch AS b\nARG TARGETARCH\nENV a=$TARGETARCH\nFROM b\nARG TARGETPLATFORM TARGETOS TARGETVARIANT\nENV p=$TARGETPLATFORM o=$TARGETOS v=$TARGETVARIANT\n',
    { platforms: ['linux/arm/v6'] },
  ],
  'arguments of the platform that are not declared': 'FROM scratch\nENV a=x${TARGETARCH}x\n',
  'the name of the target stage': [
    'ARG TARGETSTAGE\nFROM scratch AS one\nARG TARGETSTAGE\nENV t=$TARGETSTAGE\nFROM scratch AS two\n',
    { target: 'one' },
  ],
  'SOURCE_DATE_EPOCH as an argument': [
    'FROM scratch\nARG SOURCE_DATE_EPOCH\nENV e=$SOURCE_DATE_EPOCH\n',
    { buildArgs: { SOURCE_DATE_EPOCH: '1000000000' } },
  ],
  'a platform that is not Linux': [
    'FROM scratch\nENV A=1\nCMD a b\n',
    { platforms: ['freebsd/amd64'] },
  ],
  'a platform of WebAssembly': ['FROM scratch\nCMD a b\n', { platforms: ['wasip1/wasm'] }],
  'a platform of macOS': ['FROM scratch\nWORKDIR /x\n', { platforms: ['darwin/arm64'] }],
  'a target in the middle': [
    'FROM scratch AS a\nCOPY a /\nFROM a AS b\nCOPY b /\nFROM b AS c\nCOPY f /\n',
    { target: 'b' },
  ],
  'a target by a name in capitals': [
    'FROM scratch AS one\nCOPY a /\nFROM scratch\n',
    { target: 'ONE' },
  ],
  'a stage’s name in capitals':
    'FROM scratch AS One\nCOPY a /\nFROM scratch\nCOPY --from=ONE a /\n',
  'stages with the same name':
    'FROM scratch AS s\nCOPY a /\nFROM scratch AS s\nCOPY b /\nFROM scratch\nCOPY --from=s . /\n',
  'COPY --from by number':
    'FROM scratch\nCOPY a /x\nFROM scratch\nCOPY b /x\nFROM scratch\nCOPY --from=0 /x /y\n',
  'a stage that goes on from another’s ENV and WORKDIR':
    'FROM scratch AS s\nENV A=1\nWORKDIR /w\nUSER 5\nFROM s\nENV B=$A\nCOPY a .\n',
  'an ARG of a stage, in one that goes on from it':
    'FROM scratch AS s\nARG a=1\nFROM s\nENV b=x${a}x\n',
  'triggers of a stage':
    'FROM scratch AS s\nONBUILD COPY a /t\nONBUILD ENV T=1\nFROM s\nENV U=$T\n',
  'triggers of a base': `FROM ${triggering.reference}\nENV A=$X\n`,
  'a base that is copied from': `FROM scratch\nCOPY --from=${rich.reference} /odd /odd\n`,
  'a stage named scratch': 'FROM scratch AS scratch\nCOPY a /\nFROM scratch\nCOPY b /\n',
};

const refused: Readonly<Record<string, string | readonly [string, CaseOptions]>> = {
  'a modifier that removes, with a colon': 'FROM scratch\nENV X=a\nENV Y=${X:#a}\n',
  'a modifier that removes at the end, with a colon': 'FROM scratch\nENV X=a\nENV Y=${X:%a}\n',
  'an unknown modifier': 'FROM scratch\nENV X=${Y^}\n',
  'a substitution that does not end': 'FROM scratch\nENV X=${Y\n',
  'a variable that has to be set': 'FROM scratch\nENV X=${Y:?say it}\n',
  'a quote that does not end': 'FROM scratch\nLABEL x="y\n',
  'a base with capitals': 'FROM Foo/BAR\n',
  'a --from with capitals': 'FROM scratch\nCOPY --from=Foo/BAR a /\n',
  'a negative stage': 'FROM scratch\nCOPY --from=-3 a /\n',
  'a stage that comes later':
    'FROM scratch\nCOPY --from=later a /\nFROM scratch AS later\nFROM scratch\nCOPY --from=0 . /\n',
  'a stage that copies from itself': 'FROM scratch AS me\nCOPY --from=me a /\n',
  'a FROM without a name': 'FROM\n',
  'a FROM with two words': 'FROM scratch AS\n',
  'a stage’s name that begins with a digit': 'FROM scratch AS 1st\n',
  'a base that expands to nothing': 'ARG b\nFROM $b\n',
  'an instruction before FROM': 'ENV A=1\nFROM scratch\n',
  'an unknown instruction': 'FROM scratch\nCOPPY a /\n',
  'nothing but comments': '# nothing\n',
  'a target that is missing': ['FROM scratch AS a\n', { target: 'b' }],
  'a directive that stands twice': '# escape=`\n# escape=`\nFROM scratch\n',
  'an escape that is none': '# escape=x\nFROM scratch\n',
  'an ENV without a value': 'FROM scratch\nENV A\n',
  'a LABEL without an equals sign': 'FROM scratch\nLABEL a=1 b\n',
  'an ARG without a name': 'FROM scratch\nARG =1\n',
  'a port that is none': 'FROM scratch\nEXPOSE http\n',
  'a port that is too large': 'FROM scratch\nEXPOSE 70000\n',
  'a signal that is none': 'FROM scratch\nSTOPSIGNAL SIGNOTHING\n',
  'a SHELL that is not JSON': 'FROM scratch\nSHELL /bin/sh -c\n',
  'a HEALTHCHECK of an unknown kind': 'FROM scratch\nHEALTHCHECK TRUE\n',
  'a HEALTHCHECK with a malformed duration': 'FROM scratch\nHEALTHCHECK --interval=5 CMD x\n',
  'a HEALTHCHECK that is too frequent': 'FROM scratch\nHEALTHCHECK --interval=10us CMD x\n',
  'an ONBUILD of an ONBUILD': 'FROM scratch\nONBUILD ONBUILD ENV A=1\n',
  'an ONBUILD of a FROM': 'FROM scratch\nONBUILD FROM scratch\n',
  'a platform that cannot be read': 'FROM --platform=a/b/c/d scratch\n',
  'a platform that expands to nothing': 'FROM --platform=$NOTHING scratch\n',
  'an empty VOLUME': 'FROM scratch\nVOLUME [""]\n',
  'two WORKDIRs in one, without a value': 'FROM scratch\nWORKDIR\n',
};

const windows = (title: string, dockerfile: string, options?: CaseOptions): Case => ({
  title,
  dockerfile,
  context,
  ...(options && { options }),
  differs: {
    why: 'Layers, paths and commands of Windows follow rules of their own.',
    refused: /the embedded engine builds no images for Windows/,
  },
});

function plain(title: string, given: string | readonly [string, CaseOptions]): Case {
  const [dockerfile, options] = typeof given === 'string' ? [given] : given;
  return { title, dockerfile, context, ...(options && { options }) };
}

/** Texts and configurations, as the reference has them. */
export const referenceOfTexts: readonly Case[] = [
  ...Object.entries(onConfigured).map(([title, lines]) =>
    plain(title, [`FROM ${configured.reference}`, ...lines, ''].join('\n')),
  ),
  ...Object.entries(texts).map(([title, given]) => plain(title, given)),
  ...Object.entries(refused).map(([title, given]) => ({ ...plain(title, given), refused: /./ })),
  windows('Windows as the target', 'FROM scratch\nCMD a b\n', { platforms: ['windows/amd64'] }),
  windows('Windows as a stage’s platform', 'FROM --platform=windows/amd64 scratch\nCMD a b\n'),
  windows('Windows by a build argument', 'ARG os\nFROM --platform=$os/amd64 scratch\n', {
    buildArgs: { os: 'windows' },
  }),
];
