const result =
  'id=$($DOCKER create dockerception-bench x) && $DOCKER export $id | tar -xO --wildcards "dir*" 2> $DIR/tar.log; $DOCKER rm $id > $DIR/id';

/** Docker Engines, builders of buildx, and `--from`. @type {import('../run.js').Row[]} */
export const builders = [
  engine('28', 'BuildKit', 'DOCKER_HOST=$ENGINE'),
  engine('20.10', 'BuildKit', 'DOCKER_HOST=$ENGINE20 DOCKER_BUILDKIT=1'),
  engine('20.10', 'the classic builder', 'DOCKER_HOST=$ENGINE20 DOCKER_BUILDKIT=0'),
  {
    work: '`--from`, a builder of 64 MiB and its image, against `docker build`, `run` and `build` in a pipe',
    peer: 'docker',
    goal: 1.05,
    bytes: false,
    own: 'DOCKER_HOST=$ENGINE $TOOL -q --from $BUILDER_FOLDER -t dockerception-bench',
    against:
      'export DOCKER_HOST=$ENGINE; $DOCKER run --rm $($DOCKER build -q $BUILDER_FOLDER) | $DOCKER build -q -t dockerception-bench -',
  },
  {
    work: 'peak memory of `filter`, 4 GiB from a builder',
    unit: 'MB',
    goal: 90,
    own: "DOCKER_HOST=$ENGINE $TOOL filter -q --allow-no-dockerfile --from-image $BASE -- sh -c 'truncate -s 4G /data && tar -cf - /data'",
  },
  builder('50,000 files', 'SMALL'),
  builder('1 GiB in two files, of which the image has none', 'LARGE_UPLOAD'),
  {
    work: 'peak memory of `--builder`, 4 GiB',
    unit: 'MB',
    goal: 90,
    own: `$NODE $BENCH/endless.js 4 1 'FROM scratch' | $TOOL ${output()}`,
  },
];

/** @param {string} version @param {string} builder @param {string} env @returns {import('../run.js').Row} */
function engine(version, builder, env) {
  const options = '--no-cache -q -t dockerception-bench';
  return {
    work: `\`-q -t x\` with Docker ${version}, ${builder}, 50,000 files, against \`docker build -q\``,
    peer: 'docker',
    goal: 1.05,
    own: `${env} $TOOL ${options} < $SMALL`,
    against: `${env} $DOCKER build ${options} - < $SMALL`,
    bytes: `image of ${version} and ${builder}`,
    after: `export ${env}; ${result}`,
  };
}

/** @param {string} what @param {string} context @returns {import('../run.js').Row} */
function builder(what, context) {
  return {
    work: `\`--builder\`, ${what}, against \`docker buildx build -\``,
    peer: 'buildx',
    goal: 1.05,
    own: `$TOOL ${output()} < $${context}`,
    against: `$DOCKER buildx build ${output()} - < $${context}`,
    bytes: false,
  };
}

function output() {
  return '--builder $BUILDER --no-cache -q --provenance=false -o type=oci,dest=$OUT';
}
