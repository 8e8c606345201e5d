/** The names of the images that an engine has, for completion. */
import { connectTo } from './connection.js';
import type { ImageDetails } from './images.js';

/** The names, sorted; none if the engine of the environment is not on this machine or the network, or does not answer in time. */
export async function imageNames(env: NodeJS.ProcessEnv, timeout: number): Promise<string[]> {
  try {
    const connection = await connectTo(env);
    // ssh may ask for a password.
    if (connection.endpoint.address.kind === 'ssh') return [];
    const request = { method: 'GET', path: '/images/json', timeout } as const;
    const images = (await connection.json(request)) as Pick<ImageDetails, 'RepoTags'>[];
    const names = images.flatMap(({ RepoTags }) => RepoTags ?? []);
    return names.filter((name) => !name.includes('<none>')).sort();
  } catch {
    return [];
  }
}
