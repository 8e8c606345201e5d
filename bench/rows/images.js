const cached = '$TOOL --engine embedded -q -t bench';
const tool = `${cached} --no-cache`;
const append = '$CRANE append -t bench/bench:1 -o $OUT 2> $DIR/crane.log -f';

/** The embedded engine: archives, compression, and repeated builds. @type {import('../run.js').Row[]} */
export const images = [
  {
    work: '50,000 files to an archive, gzip, against `crane append`',
    peer: 'crane',
    goal: 1.5,
    own: `${tool} -o $OUT < $SMALL`,
    against: `${append} $SMALL`,
  },
  {
    work: '50,000 files to an archive, not compressed, against sha256sum and `node -e 0`',
    peer: 'both',
    goal: 4,
    own: `${tool} --compression none -o $OUT < $SMALL`,
    against: 'sha256sum < $SMALL && $NODE -e 0',
  },
  {
    work: 'the same build again, nothing changed, to an archive, against the first',
    peer: 'first',
    goal: 0.6,
    bytes: 'again',
    own: `${cached} --cache-dir $DIR/warm -o $OUT < $SMALL`,
    against: `${cached} --cache-dir $DIR/cold -o $OUT < $SMALL`,
    after: 'rm -rf $DIR/cold',
  },
  {
    work: '1 GiB of random bytes to an archive, gzip, against `crane append`',
    peer: 'crane',
    goal: 1,
    own: `${tool} -o $OUT < $RANDOM_TAR`,
    against: `${append} $RANDOM_TAR`,
  },
  {
    work: '1 GiB of random bytes to an archive, not compressed, against `crane append`',
    peer: 'crane',
    goal: 1,
    own: `${tool} --compression none -o $OUT < $RANDOM_TAR`,
    against: `${append} $RANDOM_TAR`,
  },
  ...[1, 2, 6].map((level) => ({
    work: `1 GiB of text to an archive, gzip ${level}, against pigz`,
    peer: 'pigz',
    goal: 1.1,
    own: `${tool} --compression gzip --compression-level ${level} -o $OUT < $TEXT`,
    // pigz takes arguments from a variable with this name.
    against: `env -u PIGZ $PIGZ -${level} < $TEXT > $OUT`,
    bytes: /** @type {const} */ (false),
  })),
  {
    work: '1,000,000 entries to an archive, gzip, against `crane append`',
    peer: 'crane',
    goal: 1.7,
    own: `${tool} -o $OUT < $MILLION`,
    against: `${append} $MILLION`,
  },
  {
    work: 'peak memory of an archive, 1,000,000 entries',
    unit: 'MB',
    goal: 300,
    own: `${tool} -o $OUT < $MILLION`,
  },
  {
    work: 'peak memory of an archive, 50,000 files',
    unit: 'MB',
    goal: 200,
    own: `${tool} -o $OUT < $SMALL`,
  },
  {
    work: 'peak memory of an archive, 8 GiB in one file',
    unit: 'MB',
    goal: 150,
    own: `$NODE $BENCH/endless.js 8 | ${tool} -o $OUT`,
  },
  {
    work: '50,000 files to an archive, against `buildah bud` and `push`',
    peer: 'buildah',
    goal: 0.1,
    bytes: false,
    own: `${tool} -o $OUT < $SMALL`,
    against:
      'with() { $BUILDAH --root $DIR/buildah --runroot $DIR/buildah-run --storage-driver vfs "$@"; }; ' +
      'with bud --no-cache -q -t bench - < $SMALL && with push -q bench oci-archive:$OUT:bench && with rmi -af',
  },
];
