/** What the tests of BuildKit have in common: the engine whose BuildKit they use, and its registry. */
import { engines, variants } from '../engines.js';

const found = variants.find(({ name }) => name === 'docker28 BuildKit');
if (found === undefined) throw new Error('there is no docker28');
export const docker28 = found;

/** The tags of a repository; undefined if the registry does not have it. */
export async function tagsOf(name: string): Promise<unknown> {
  const answer = await fetch(`http://${engines.registry.address}/v2/${name}/tags/list`);
  return answer.ok ? ((await answer.json()) as { tags: unknown }).tags : undefined;
}
