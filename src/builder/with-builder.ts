/** Builders for as long as their context is read. */
import { DockerceptionError } from '../errors.js';
import type { BuilderOptions } from '../options/builder.js';
import { type Builder, openBuilder } from './builder.js';

/** Opens builders, does `work` with what they make, and removes them, whatever becomes of it. */
export async function withBuilder<T>(
  options: BuilderOptions,
  work: (builder: Builder) => Promise<T>,
): Promise<T> {
  if (typeof work !== 'function') {
    const message = `opening builders: ${String(work)} is not a function that uses them`;
    throw new DockerceptionError('usage', 'USAGE_OPTION', message);
  }
  const builder = await openBuilder(options);
  try {
    return await work(builder);
  } catch (error) {
    throw await builder.explain(error);
  } finally {
    await builder.close();
  }
}
