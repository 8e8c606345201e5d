/** The options of an inspection. */
import { parsePlatform, PLATFORMS } from '../image/platform.js';
import type { Insecure } from '../image/registry/host.js';
import type { TransferEvent } from '../image/registry/transfers.js';
import {
  bound,
  type Complete,
  env,
  flagIn,
  option,
  optional,
  type OptionsOf,
  receiver,
  signal,
} from './schema.js';
import { anyOf, flag, listOf, nonEmptyText, parsed } from './values.js';

/** Hosts of registries, or true for those that other options name. */
export const insecureHosts = anyOf<Insecure>('true, false or a list of hosts', [
  flag,
  listOf(nonEmptyText),
]);

export const INSECURE_FLAG = [
  '--insecure[=HOST] ...',
  'plain HTTP or any certificate for HOST, or those named',
] as const;

const target = flagIn('Target');

/** The schema of {@link InspectOptions}. */
export const INSPECT = {
  /**
   * `-`, a tar, a directory, an image archive, a layout, `oci-archive://FILE:NAME` and its like,
   * `docker-image://REF`, or an image that the engine has. @default '-'
   */
  target: option(nonEmptyText, () => '-'),
  /** Which image of an index. @default this machine's */
  platform: optional(
    parsed('a platform', parsePlatform),
    target('--platform OS/ARCH', 'which image of several platforms', { values: PLATFORMS }),
  ),
  /** Bytes of files past which reading stops, with an error of kind limit. @default none */
  maxSize: bound(),
  /** The registry of `target`, or hosts, that may have plain HTTP, or a certificate that can't be verified. @default false */
  insecure: option(insecureHosts, () => false, target(...INSECURE_FLAG)),
  /** Names the engine and the credentials. @default process.env */
  env,
  /** Aborts the inspection. @default never */
  signal,
  /** Receives the progress of transfers from a registry. @default ignored */
  report: receiver<TransferEvent>(),
};

/** What is inspected, and how. */
export interface InspectOptions extends OptionsOf<typeof INSPECT> {}

/** Complete {@link InspectOptions}. */
export type CompleteInspection = Complete<typeof INSPECT>;
