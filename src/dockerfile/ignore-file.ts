/** A .dockerignore in a tar: clients apply it to a directory, builders to nothing. */
export const UNUSED_IGNORE_FILE = {
  message: 'the .dockerignore in the stream is not applied',
  advice: '--exclude, or --dockerignore FILE with a copy of it, leaves out what it lists',
} as const;
