/** The names of a Dockerfile, where none is given. */

/** The default. Docker falls back to the second; the third is Podman's own. */
export const DOCKERFILE = 'Dockerfile';

/** Used when there is no {@link DOCKERFILE}, in this order. */
export const OTHER_DOCKERFILES: readonly string[] = ['dockerfile', 'Containerfile'];

/** A .dockerignore in a tar: clients apply it to a directory, builders to nothing. */
export const UNUSED_IGNORE_FILE = {
  message: 'the .dockerignore in the stream is not applied',
  advice: '--exclude, or --dockerignore FILE with a copy of it, leaves out what it lists',
} as const;
