/** Build arguments that come from the environment, as buildx adds them. */

/** With `SOURCE_DATE_EPOCH` of the environment, if the arguments have none. */
export function withSourceDateEpoch(
  buildArgs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const epoch = env['SOURCE_DATE_EPOCH'];
  return epoch === undefined ? buildArgs : { SOURCE_DATE_EPOCH: epoch, ...buildArgs };
}
