/** `filter`: contexts through pipes, from files, compressed, and to a slow reader. @type {import('../run.js').Row[]} */
export const filter = [
  {
    work: '`filter`, 1 GiB in two files, through pipes, against cat',
    peer: 'cat',
    goal: 2,
    bytes: 'large',
    own: 'cat $LARGE | $TOOL filter',
    against: 'cat $LARGE | cat',
  },
  ...fromEach('LARGE', '1 GiB in two files', 1.25),
  ...fromEach('SMALL', '50,000 files', 1.3),
  {
    work: '`filter`, 50,000 files, through pipes, against tar-stream',
    peer: 'tar-stream',
    goal: 0.25,
    bytes: 'small',
    own: 'cat $SMALL | $TOOL filter',
    against: 'cat $SMALL | $NODE $BENCH/peers/tar-stream.js',
  },
  {
    work: '`filter` of a tiny tar, against `node -e 0`',
    peer: 'node',
    goal: 1.35,
    own: '$TOOL filter < $TINY',
    against: '$NODE -e 0',
  },
  {
    work: 'peak memory of `filter`, 1 GiB',
    unit: 'MB',
    goal: 60,
    own: '$NODE $BENCH/endless.js 1 | $TOOL filter',
  },
  {
    work: 'peak memory of `filter`, 8 GiB',
    unit: 'MB',
    goal: 60,
    own: '$NODE $BENCH/endless.js 8 | $TOOL filter',
  },
  {
    work: 'peak memory of `filter`, 1 GiB, a file as standard input, a slow reader',
    unit: 'MB',
    goal: 60,
    pause: 1,
    own: '$TOOL filter < $LARGE',
  },
  {
    work: 'peak memory of `filter`, 1 GiB, through a pipe, a slow reader',
    unit: 'MB',
    goal: 60,
    pause: 1,
    own: 'cat $LARGE | $TOOL filter',
  },
];

/** One context from each kind of input, against bsdtar. @param {string} file @param {string} what @param {number} goal */
function fromEach(file, what, goal) {
  /** @param {string} how @param {string} own @param {string} against @param {number} [pause] */
  const row = (how, own, against, pause) => ({
    work: `\`filter\`, ${what}, ${how}, against bsdtar`,
    peer: 'bsdtar',
    goal,
    bytes: file.toLowerCase(),
    own,
    against,
    ...(pause && { pause }),
  });
  const bsdtar = '$BSDTAR -cf - ';
  return [
    row('through pipes', `cat $${file} | $TOOL filter`, `cat $${file} | ${bsdtar} @-`),
    row('a file as standard input', `$TOOL filter < $${file}`, `${bsdtar} @- < $${file}`),
    row('`FILE`', `$TOOL filter $${file}`, `${bsdtar} @$${file}`),
    row('`FILE` to a file', `$TOOL filter $${file} > $OUT`, `${bsdtar} @$${file} > $OUT`),
    row('gzip input', `$TOOL filter < $${file}_GZ`, `${bsdtar} @- < $${file}_GZ`),
    row('a slow reader', `cat $${file} | $TOOL filter`, `cat $${file} | ${bsdtar} @-`, 1),
  ];
}
