const cached = '$TOOL --engine embedded -q';
const tool = `${cached} --no-cache`;
/** A repository without blobs: a registry doesn't receive those that it has. */
const fresh = '$REGISTRY/dockerception-bench-$(date +%N)';
/** Images to and from a registry, and through a pipe to an engine. @type {import('../run.js').Row[]} */
export const registry = [
  {
    work: '1 GiB of random bytes, built and pushed, not compressed, against `crane push` of the image',
    peer: 'crane',
    goal: 1.1,
    bytes: false,
    own: `${tool} --compression none -t ${fresh} --push < $RANDOM_TAR`,
    against: `$CRANE push $RANDOM_IMAGE ${fresh} > $DIR/crane.log 2>&1`,
  },
  {
    work: 'a base of 1 GiB to an archive, against `crane pull`',
    peer: 'crane',
    goal: 1.1,
    bytes: false,
    own: `${tool} --cache-dir $DIR/cold -t bench -o $OUT < $BASE_TAR`,
    against: '$CRANE pull $REGISTRY/dockerception-bench:base $OUT',
    after: 'rm -rf $DIR/cold $OUT',
  },
  {
    work: '1 GiB of text, built and pushed again, nothing changed, against the first',
    peer: 'first',
    goal: 0.6,
    bytes: false,
    own: `${cached} --cache-dir $DIR/warm -t $REGISTRY/dockerception-bench-warm --push < $TEXT`,
    against: `${cached} --cache-dir $DIR/cold -t ${fresh} --push < $TEXT`,
    after: 'rm -rf $DIR/cold',
  },
  {
    work: '50,000 files, `-o -` into `docker load`, against `docker build`',
    peer: 'docker',
    goal: 0.5,
    bytes: false,
    own: `${tool} -t dockerception-bench -o - < $SMALL | DOCKER_HOST=$ENGINE $DOCKER load -q`,
    against: 'DOCKER_HOST=$ENGINE $DOCKER build --no-cache -q -t dockerception-bench - < $SMALL',
  },
];
