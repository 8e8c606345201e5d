/**
 * Every error code, with its kinds, its cause and its remedy: the rows of docs/errors.md. A code that a verb reports under
 * two kinds has both. Only types and the documentation need this table, so no other module loads it.
 */
export const ERROR_CODES = {
  ADD_CHECKSUM:
    'build | The file that `ADD` fetched differs from `--checksum`. | Correct the checksum or the URL.',
  ADD_FAILED:
    "build | A file of `ADD` can't be downloaded. | Check the URL, and the proxy in the environment.",
  ADD_URL: 'build | A source of `ADD` is no valid URL. | Correct it in the Dockerfile.',
  ANNOTATION:
    'usage | The image has no index, or no such platform, for an `--annotation`. | Annotate the manifest, or build for that platform.',
  ARCHIVE_INVALID:
    "build | A file isn't an image archive, or is damaged. | Write or copy the archive again.",
  ARCHIVE_TRUNCATED: 'build | An image archive ends early. | Write or copy the archive again.',
  ARTIFACT_LINKS:
    'builder | The path of an artifact leads through too many symbolic links. | Name the file itself.',
  ARTIFACT_MISSING:
    'builder | The builder has no file at the path of `--artifacts`. | Correct the path; the hint lists similar names.',
  BASE_IN_ENGINE:
    'build | No registry has the base, but the engine does. | Use `--engine docker`, or push the base.',
  BASE_LAYER: 'build | A layer of the base is damaged. | Pull or write the base again.',
  BLOB_DIGEST:
    'build, context, engine | The content of a blob differs from its digest or size. | Fetch or copy it again.',
  BUILDER_ADDRESS:
    'usage | `--builder`, `BUILDX_BUILDER` or `BUILDKIT_HOST` is malformed. | Use one of the forms in the hint.',
  BUILDER_FAILED:
    'builder | The builder exited with another code than 0. | Read its last lines; `--keep-builder` keeps the container.',
  BUILDER_NONE:
    'usage | `--engine buildkit` or `--tls-ca-cert` has no builder. | Name one with `--builder`, `BUILDX_BUILDER` or `BUILDKIT_HOST`.',
  BUILDER_TIMEOUT: 'builder | The builder ran longer than `--timeout`. | Allow more time.',
  BUILDER_WAIT:
    "builder | The engine can't report the builder's exit code. | Read the engine's log.",
  BUILDKIT_ONLY:
    'usage | The builder does not have an option of BuildKit. | Use `--engine docker` with BuildKit, or `--builder`.',
  BUILD_CONTEXT:
    "usage | The Docker Engine doesn't support this `--build-context`. | Follow the hint.",
  BUILD_CONTEXT_MISSING:
    "usage | The directory or file of `--build-context` doesn't exist. | Correct the path; `docker-image://` names an image.",
  BUILD_CONTEXT_UNSUPPORTED:
    "usage | The embedded engine can't fetch this `--build-context`. | Use one of the forms in the hint, or `--engine docker`.",
  BUILD_ESCAPES:
    'context | A symbolic link leads outside of the file system of the stage. | Correct the link.',
  BUILD_FAILED:
    'build | The engine reported that the build failed. | The message and the lines of the Dockerfile show the failed step.',
  BUILD_LINKS: 'build | A path leads through too many symbolic links. | Correct the links.',
  BUILD_NOT_A_DIRECTORY:
    "build | A component of a path isn't a directory. | Correct the path in the Dockerfile.",
  BUILD_NO_IMAGE:
    "build | The engine reported neither a failure nor an image ID. | Read the engine's log.",
  CACHE_WRITE:
    "output | A layer can't be written to the cache. | Free space, or name another folder with `--cache-dir`.",
  CALL_IMAGE:
    'usage | `--call` or `-o type=cacheonly` builds no image, and another option needs one. | Leave one of both out.',
  CAT_NOT_A_FILE: "usage | The path of `--cat` isn't a regular file. | `--list` shows every name.",
  CAT_NOT_FOUND: "usage | The path of `--cat` doesn't exist. | `--list` shows every name.",
  CAT_PIPE:
    "usage | The content for `--cat` was in a pipe, which can't be read again. | Save the archive to a file first.",
  CERTIFICATE_INVALID:
    "usage | A certificate file can't be read. | Correct the file that the message names.",
  CHECK_FAILED:
    'build | `--check` has found warnings or errors in the Dockerfile. | Correct the lines that it prints.',
  CHMOD_INVALID: 'build | `--chmod` of `COPY` or `ADD` is malformed. | Use `0755` or `a+rX,go-w`.',
  CHOWN_INVALID:
    'build | `--chown` of `COPY` or `ADD` is malformed. | Use `USER:GROUP` or numbers.',
  CHOWN_UNKNOWN: 'build | The image has no such user or group. | Use numbers, or correct the name.',
  COMPRESSED_CORRUPT: 'context | Compressed data is corrupt. | Write or copy the data again.',
  COMPRESSED_TRUNCATED:
    'context | Compressed data ends early. | Check whether the program that wrote it failed.',
  COMPRESSED_UNSUPPORTED:
    "context | The compression isn't supported, or its program isn't installed. | Decompress the data first, or follow the hint.",
  COMPRESSION_LEVEL:
    'usage | `--compression-level` is out of range. | Use a level in the range of the message.',
  COMPRESSION_UNKNOWN:
    'usage | `--compression` names no known format. | Use `gzip`, `zstd` or `none`.',
  CONTEXT_CRLF:
    'context | A terminal replaced every LF in the tar with CRLF. | Run the builder without a terminal: no `-t` of `docker run`.',
  CONTEXT_EMPTY:
    'context | The context has no bytes, or the tar has no entries. | Check that the builder writes a tar to standard output.',
  CONTEXT_IMAGE:
    'context | The context is an image archive. | Load it with `docker load`, or inspect it.',
  CONTEXT_INCOMPLETE:
    'context | The command that wrote the stream failed. | Look for the error of that command.',
  CONTEXT_NOT_A_TAR:
    "context | The context isn't a tar. | Let the builder write nothing but a tar to standard output.",
  CONTEXT_NO_DOCKERFILE:
    'context | The context has no Dockerfile at its path. | Add one, name another with `-f`, or use `--base`.',
  CONTEXT_NO_INPUT:
    'context | Standard input is `/dev/null`. | Pipe a tar into the command; `docker run` needs `-i`.',
  CONTEXT_TEXT:
    'context | The context starts with text, such as a log line. | Write logs to standard error.',
  CONTEXT_UNREADABLE:
    "context | A file of the context can't be read, or changed while it was read. | Check its permissions, and what writes it.",
  COPY_DIRECTORY:
    'build | `COPY` or `ADD` would replace a directory with a file. | Correct the destination.',
  COPY_NOT_A_DIRECTORY:
    "build | A directory can't be copied to a path that is a file. | Correct the destination.",
  COPY_NOT_FOUND:
    "build | A source of `COPY` or `ADD` doesn't exist. | Correct the path; the hint lists similar names.",
  CREDENTIAL_HELPER:
    'engine | A credential helper failed. | Run `docker login`, or correct `config.json`.',
  CREDENTIAL_INVALID:
    'usage | The credentials in `config.json` are malformed. | Run `docker login` again.',
  DIGEST_UNSUPPORTED:
    "build | A blob has a digest that isn't sha256. | Write the image with sha256 digests.",
  DOCKERFILE_CHECK:
    'build, usage | `# check=` or the build argument `BUILDKIT_DOCKERFILE_CHECK` makes warnings errors, or is malformed. | Correct what the warnings name, or the option in the message.',
  DOCKERFILE_EMPTY:
    'build | The Dockerfile has no instructions. | Write one; it starts with `FROM`.',
  DOCKERFILE_GIT:
    "build | `ADD` names a Git repository, which the embedded engine can't clone. | Use `--engine docker`.",
  DOCKERFILE_PATTERN:
    'build | A pattern in the Dockerfile is malformed. | Escape special characters: `\\[`.',
  DOCKERFILE_RUN:
    "build | The Dockerfile has a `RUN`, which the embedded engine can't run. | Use `--engine docker`.",
  DOCKERFILE_SYNTAX:
    'build | An instruction of the Dockerfile is invalid. | Correct the line that the message names.',
  DOCKERFILE_TARGET:
    'build | The Dockerfile has no stage with the name of `--target`. | Correct the name.',
  DOCKER_BUILDKIT:
    'usage | `DOCKER_BUILDKIT` is neither true nor false. | Set it to 0 or 1, or unset it.',
  DOCKER_CONFIG_INVALID:
    "usage | Docker's `config.json` is malformed. | Correct the file that the message names.",
  ENGINE_ADDRESS:
    "engine | The engine's address is malformed. | Correct `DOCKER_HOST` or the docker context.",
  ENGINE_ANSWER:
    "engine | The engine's answer can't be understood. | Check that the address is an engine's.",
  ENGINE_CONTEXT: "engine | The docker context can't be read. | `docker context ls` lists them.",
  ENGINE_GONE:
    "engine | The connection to the engine broke. | Read the engine's log, then try again.",
  ENGINE_NOT_FOUND:
    'build, builder, engine | The engine has no such image, container or file. | Correct the name in the message.',
  ENGINE_NO_REASON:
    "build, builder, engine | The engine failed without a reason. | Read the engine's log.",
  ENGINE_REFUSED:
    "build, builder, engine | The engine refused the request. | The message is the engine's own.",
  ENGINE_STALLED:
    "engine | The engine sent nothing for a long time. | Read the engine's log, then try again.",
  ENGINE_TLS: "engine | A certificate for the engine can't be read. | Correct `DOCKER_CERT_PATH`.",
  ENGINE_UNREACHABLE:
    'engine | No engine answers at the address. | Start the engine, or name another with `DOCKER_HOST`.',
  ENGINE_UPGRADE: "engine | The engine refused to open a stream. | Read the engine's log.",
  EXCLUDE_INVALID: 'build | A pattern of `COPY --exclude` is malformed. | Correct the pattern.',
  HOST_GATEWAY:
    "usage | The engine doesn't know `--add-host NAME:host-gateway`. | Give the address itself.",
  IGNORE_PATTERN:
    'context, usage | A pattern in `.dockerignore` or of an option is malformed. | Correct the pattern.',
  IMAGE_AMBIGUOUS:
    'usage | There are several images, and none is named. | Name one as the hint shows.',
  IMAGE_INVALID:
    "build | The image's documents are malformed. | Write, pull or push the image again.",
  IMAGE_LOCATION:
    'usage | The location of an image names no path or no image. | Write it as in `oci-layout://PATH:TAG`.',
  IMAGE_NOT_FOUND:
    "usage | The archive or layout doesn't exist, or has no such image. | Correct the path or the name.",
  IMAGE_SCHEMA_1:
    "build | The manifest has Docker's schema 1. | Push the image again with a current Docker.",
  LAYER_DIFF_ID:
    'context | A layer differs from its diff ID in the configuration. | Write the image again.',
  LAYER_WHITEOUT:
    "context | A name starts with `.wh.`, which deletes files of other layers. | `--exclude '**/.wh.*'`",
  LIBS_INVALID:
    'builder | A program or library in the builder is malformed. | Check what writes it.',
  LIBS_MISSING:
    "builder | A library that a program needs isn't in the builder. | Install it there; the hint says where it was expected.",
  LIMIT_EXCEEDED: 'limit | The image exceeds a limit. | The message lists what exceeds it.',
  LOAD_FAILED: "build | The engine can't load the image. | The message is the engine's own.",
  NETWORK:
    "usage | Podman's API runs every step in the host's network. | Use `dockerception filter` and `podman build`.",
  OUTPUT_ATTRIBUTE:
    'usage | An output has an unknown attribute. | Leave it out, or use another engine.',
  OUTPUT_CLOSED:
    'output | The reader of the output stopped. | Look for the error of the next command in the pipeline.',
  OUTPUT_EXISTS:
    'usage | A file with the derived name exists, and is no image archive. | Name a file with `-o`.',
  OUTPUT_FAILED: "output | The output can't be written. | Correct the path or its permissions.",
  OUTPUT_FULL: 'output | No space is left for the output. | Free space, or write elsewhere.',
  OUTPUT_IS_INPUT: 'usage | An output would replace a file that is read. | Name another output.',
  OUTPUT_LOCKED:
    'output | Another process writes to the same layout. | Wait for it, or remove the file that the message names.',
  OUTPUT_NONE:
    'usage | No output is named, and the embedded engine keeps no images. | Use `-o`, `-t`, `--push` or `--load`.',
  OUTPUT_TYPE:
    "usage | The engine doesn't write this type of output, or not beside another one. | Use `--engine embedded`, or `docker buildx`.",
  PAGE_CLIENT: "output | The client of the HTML page isn't built. | Run `npm run build`.",
  PLATFORMS:
    'usage | An engine, or a builder of several nodes, builds for one platform at a time. | Use `--engine embedded`, or `docker buildx`.',
  PLATFORM_INVALID:
    'usage | The platform is malformed. | Write it as in `linux/arm64` or `linux/arm/v7`.',
  PLATFORM_UNKNOWN:
    "build, usage | The image isn't available for the platform. | Use one of the platforms in the hint.",
  PLATFORM_WINDOWS:
    'build, usage | The embedded engine builds no images for Windows. | Use `--engine docker`.',
  PLUGIN_EXISTS:
    "usage | The folder of docker's plugins has a `docker-ception` of another program. | Remove it.",
  PROXY_INVALID:
    'usage | The address of the proxy is malformed. | Write it as in `http://proxy.example:3128`.',
  PULL_FAILED: "engine | The engine can't pull the image. | The message is the engine's own.",
  PULL_REFUSED:
    'engine | The registry refused the engine. | Run `docker login`, or correct the name.',
  PUSH_FAILED: "engine | The engine can't push the image. | The message is the engine's own.",
  PUSH_REFUSED:
    'engine | The registry refused the engine. | Run `docker login`, or correct the name.',
  PUSH_UNTAGGED: 'usage | `--push` needs a name. | Add `-t REGISTRY/NAME`.',
  REFERENCE_INVALID:
    'usage | The name of an image is malformed. | Write it as in `registry.example:5000/app:1.0`.',
  REGISTRY_ANSWER:
    "engine | The registry's answer can't be understood. | Check the address; a proxy may have answered.",
  REGISTRY_BUSY: 'engine | The registry limits the number of requests. | Try again later.',
  REGISTRY_DENIED:
    'engine | The registry denied access. | Run `docker login`, or correct the name.',
  REGISTRY_FAILED:
    "engine | The registry answered with an error. | Try again; read the registry's log.",
  REGISTRY_NOT_FOUND: 'build, usage | The registry has no such image or tag. | Correct the name.',
  REGISTRY_UNREACHABLE:
    "engine | The registry can't be reached. | Check the name, the network, the proxy and the certificates.",
  SECRET_MISSING: "usage | The file of a secret can't be read. | Correct `src` of `--secret`.",
  SECRET_TOO_LARGE:
    'usage | A secret has more than 500 KiB. | Use a build context for large files.',
  SERVE_ADDRESS:
    "builder | The builder has no address in the engine's network. | Read the engine's log.",
  SERVE_ENDED: 'builder | The builder ended before it served. | Run the server in the foreground.',
  SERVE_ROOTLESS:
    "usage | With rootless Podman, a build can't reach a container. | Use Docker or rootful Podman, or `--artifacts`.",
  SERVE_TIMEOUT:
    "builder | The builder's port didn't answer in time. | Listen on 0.0.0.0; allow more time with `--serve-timeout`.",
  SERVE_UNHEALTHY: "builder | The builder's health check failed. | Check its `HEALTHCHECK`.",
  SIGHUP: 'terminated | The terminal was closed. | Run the command again.',
  SIGINT: 'interrupted | The command was interrupted. | Run the command again.',
  SIGTERM: 'terminated | The command was terminated. | Run the command again.',
  SIZE: 'usage | The value of a limit is malformed. | Use `10MB`, `512KiB`, or a percentage where allowed.',
  SOURCE_FAILED:
    "context | The stream of a context failed. | The message has the stream's own error.",
  SSH_AGENT:
    'usage | `--ssh` needs the socket of an SSH agent; a key file is not enough. | Start one and add the key: `eval $(ssh-agent); ssh-add FILE`.',
  TAG_FAILED:
    "engine | The engine can't tag the image that it built. | Try again; a concurrent prune may have removed it.",
  TARGET_ENTRIES:
    'context | The target has more entries than fit into memory. | Raise `--max-old-space-size` in `NODE_OPTIONS`.',
  TARGET_NOT_FOUND:
    "usage | The target of `inspect` doesn't exist. | Correct the path or the name.",
  TAR_CHECKSUM:
    'context | A header has a wrong checksum. | Check what changes the stream on its way.',
  TAR_FIELD:
    'context | A field of a header is malformed or too large. | Write the tar with another program.',
  TAR_GLOBAL:
    'context | A global PAX header sets a record that no entries can share. | Write the tar without it.',
  TAR_LINK:
    'context | A hard link has no target that is kept, or a link is malformed. | Keep both the link and its target, or neither.',
  TAR_LONE_ZERO: 'context | A single zero block is followed by more data. | Write the tar again.',
  TAR_METADATA:
    'context | An extended header is malformed, repeated or contradictory. | Write the tar with another program.',
  TAR_NAME: 'context | A name contains a NUL, or is too long. | Rename the file.',
  TAR_NOT_A_TAR:
    "context | The stream doesn't start with a tar header. | Let the builder write nothing but a tar to standard output.",
  TAR_PADDING: "context | The padding after a body isn't zero. | Write the tar again.",
  TAR_PAX: 'context | A PAX record is malformed. | Write the tar with another program.',
  TAR_SPARSE:
    'context | The map of a sparse file is malformed or too long. | Write the tar without `--sparse`.',
  TAR_TRAILING:
    'context | Data follows the end of the tar. | Write nothing after the tar, or use `--ignore-trailing`.',
  TAR_TRUNCATED: 'context | The tar ends inside an entry. | Check whether the builder failed.',
  TAR_TYPE: "context | Container engines can't unpack this type of entry. | Leave the entry out.",
  TAR_UNSAFE: 'context | A name leads out of the root of the tar. | Write names without `..`.',
  TAR_UNTERMINATED:
    'context | The tar ends between two entries, without its end-of-archive. | Check whether the builder failed; `--allow-unterminated` accepts it.',
  USAGE: 'usage | The command line is wrong. | `dockerception --help --all` lists the options.',
  USAGE_ADD:
    "usage | The file of `--add` can't be read, or its destination is invalid. | Write `--add HOST:DEST`.",
  USAGE_ARTIFACT: 'usage | The destination of an artifact leads out of the context. | Correct it.',
  USAGE_BASE: "usage | `--base` isn't the name of an image. | Correct it.",
  USAGE_CHANGE:
    "usage | `--change` isn't an instruction for the final stage. | Write it as in `-c 'CMD [\"/app\"]'`.",
  USAGE_CONTEXT:
    "usage | The context doesn't exist, or isn't a supported form. | Name a directory, a tar file, or `-`.",
  USAGE_DIRECTORY: "usage | The directory can't be opened. | Correct the path.",
  USAGE_FILE:
    'usage | The path of the Dockerfile, or a context file, is invalid. | The path of `-f` is inside the context; `--add` adds other files.',
  USAGE_MODE: 'usage | `--mode` is malformed. | Use `a+rX,go-w` or `0755`.',
  USAGE_OPTION:
    'usage | An option of the library is unknown, or has a wrong value. | The message names the option and what it accepts.',
  USAGE_OWNER: "usage | `--owner` isn't `UID[:GID]`. | Use numbers.",
  USAGE_PREFIX: 'usage | `--prefix` leads out of the context. | Correct it.',
  USAGE_STDIN: 'usage | Standard input is named twice. | Put one of the inputs into a file.',
  USAGE_TERMINAL: 'usage | Standard input or output is a terminal. | Use a pipe or name a file.',
  USAGE_TIME: 'usage | A time is malformed. | Use seconds since 1970, or ISO 8601.',
  ZSTD_FAILED: 'output | The program `zstd` failed. | Read its message.',
  ZSTD_MISSING:
    'usage | Neither Node nor a program can compress with zstd. | Install `zstd`, use Node 22.15 or later, or `--compression gzip`.',
} as const satisfies Readonly<Record<string, `${string} | ${string} | ${string}`>>;

/** A code of a `DockerceptionError`; docs/errors.md has the cause and the remedy of each. */
export type ErrorCode = keyof typeof ERROR_CODES;
