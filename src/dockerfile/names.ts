/** Files of a context with a special meaning. */

export const DOCKERFILE = 'Dockerfile';

/** Used without {@link DOCKERFILE}, in this order: Docker's second choice, and Podman's own name. */
export const OTHER_DOCKERFILES: readonly string[] = ['dockerfile', 'Containerfile'];

/** For a .dockerignore in a tar: clients apply it to directories only, builders never. */
export const UNUSED_IGNORE_FILE = {
  message: 'the .dockerignore in the stream is not applied',
  advice: '--exclude, or --dockerignore FILE with a copy of it, leaves out what it lists',
} as const;
