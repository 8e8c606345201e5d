/** The names of a Dockerfile, where none is given. */

/** The default. Docker falls back to the second; the third is Podman's own. */
export const DOCKERFILE = 'Dockerfile';

/** Used when there is no {@link DOCKERFILE}, in this order. */
export const OTHER_DOCKERFILES: readonly string[] = ['dockerfile', 'Containerfile'];
