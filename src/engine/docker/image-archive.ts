/** An image that the engine has, as an archive: `GET /images/NAME/json` and `/images/get` (Engine API, ImageInspect, ImageGetAll). */
import type { Readable } from 'node:stream';
import type { Connection } from './connection.js';
import { isNotFound } from './refusal.js';

/** What the engine says of an image. */
export interface EngineImage {
  /** `sha256:…`, of the configuration or, in a containerd store, of the manifest. */
  readonly id: string;
  /** Bytes of its layers, as the engine counts them. */
  readonly size: number;
  readonly names: readonly string[];
}

/** Undefined when the engine has none by that name or ID. */
export async function engineImage(
  connection: Connection,
  name: string,
  signal?: AbortSignal,
): Promise<EngineImage | undefined> {
  const path = `/images/${encodeURIComponent(name)}/json`;
  try {
    const answer = await connection.json({ method: 'GET', path, doing: `finding ${name}` }, signal);
    const { Id, Size, RepoTags } = answer as {
      readonly Id: string;
      readonly Size?: number;
      readonly RepoTags?: readonly string[] | null;
    };
    return { id: Id, size: Size ?? 0, names: RepoTags ?? [] };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The archive as a stream. */
export function imageArchive(
  connection: Connection,
  name: string,
  signal?: AbortSignal,
): Promise<Readable> {
  const path = `/images/get?${new URLSearchParams({ names: name }).toString()}`;
  return connection.stream({ method: 'GET', path, doing: `reading ${name}` }, signal);
}
