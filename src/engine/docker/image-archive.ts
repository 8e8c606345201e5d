/** An image that the engine has, and its archive (Engine API, ImageInspect, ImageGetAll). */
import type { Readable } from 'node:stream';
import type { Connection, ApiRequest } from './connection.js';
import { isNotFound } from './engine-error.js';

/** Whether the engine has an image by that name or ID. */
export async function hasImage(
  connection: Connection,
  name: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const path = `/images/${encodeURIComponent(name)}/json`;
  try {
    await connection.json({ method: 'GET', path, doing: `finding ${name}` }, signal);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** Asks for one archive of all these names, or IDs. */
export function archiveRequest(names: readonly string[]): ApiRequest {
  const query = new URLSearchParams(names.map((name): [string, string] => ['names', name]));
  return { method: 'GET', path: `/images/get?${query.toString()}` };
}

/** The archive as a stream. */
export function imageArchive(
  connection: Connection,
  name: string,
  signal?: AbortSignal,
): Promise<Readable> {
  return connection.stream({ ...archiveRequest([name]), doing: `reading ${name}` }, signal);
}
