/** The images of an engine, and their archives (Engine API, ImageInspect, ImageGetAll). */
import type { Readable, Writable } from 'node:stream';
import { saveOutput } from '../../files/output-file.js';
import type { ApiRequest, Connection } from './connection.js';
import { isNotFound } from './failures.js';

/** The members of an inspected image that are used here. */
export interface ImageDetails {
  readonly Id: string;
  readonly Size?: number;
  readonly Os?: string;
  readonly Architecture?: string;
  /** With a containerd image store. */
  readonly Descriptor?: { readonly digest?: unknown };
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
  readonly RootFS?: { readonly Layers?: readonly string[] | null };
  readonly Config?: {
    readonly Cmd?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly Labels?: Readonly<Record<string, string>> | null;
  } | null;
}

/** The path of an image in the Engine API, by its name or ID. */
export function imagePath(name: string): string {
  return `/images/${encodeURIComponent(name)}`;
}

/** An image by its name or ID; undefined if the engine does not have it. */
export async function inspectImage(
  connection: Connection,
  name: string,
  signal?: AbortSignal,
  request: Pick<ApiRequest, 'doing' | 'timeout'> = {},
): Promise<ImageDetails | undefined> {
  try {
    const path = `${imagePath(name)}/json`;
    return (await connection.json({ method: 'GET', path, ...request }, signal)) as ImageDetails;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

export async function hasImage(
  connection: Connection,
  name: string,
  signal?: AbortSignal,
): Promise<boolean> {
  return (await inspectImage(connection, name, signal, { doing: `finding ${name}` })) !== undefined;
}

/** Whether the engine keeps images as registries do, with manifests and indexes. */
export async function hasContainerdStore(
  connection: Connection,
  signal?: AbortSignal,
): Promise<boolean> {
  const info = await connection.json({ method: 'GET', path: '/info' }, signal);
  const { DriverStatus } = info as { readonly DriverStatus?: readonly unknown[] | null };
  return JSON.stringify(DriverStatus ?? []).includes('io.containerd.snapshotter.');
}

/** An archive of one image, by its name or ID. */
export function imageArchive(
  connection: Connection,
  name: string,
  signal?: AbortSignal,
): Promise<Readable> {
  return connection.stream({ ...archiveRequest([name]), doing: `reading ${name}` }, signal);
}

/**
 * Writes one archive with all these names, or of an ID. A failure leaves no file.
 *
 * @param dest a path, or `-` for `stdout`, which is not closed.
 * @throws DockerceptionError of kind output: OUTPUT_FULL, OUTPUT_CLOSED, OUTPUT_FAILED; or of kind engine; the reason of
 *   the signal.
 */
export async function saveImage(
  connection: Connection,
  names: readonly string[],
  dest: string,
  stdout: Writable,
  signal: AbortSignal,
): Promise<void> {
  async function* archive(): AsyncGenerator<Buffer> {
    yield* (await connection.stream(archiveRequest(names), signal)) as AsyncIterable<Buffer>;
  }
  await saveOutput(archive(), dest, stdout, signal);
}

function archiveRequest(names: readonly string[]): ApiRequest {
  const query = new URLSearchParams(names.map((name): [string, string] => ['names', name]));
  return { method: 'GET', path: `/images/get?${query.toString()}` };
}
