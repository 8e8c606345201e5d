/** What an engine is asked for when nothing is asked for. */
import type { EngineRequest } from '../../src/engine/engine.js';
import { IMAGE } from '../../src/options/image.js';
import { normalise } from '../../src/options/schema.js';

export function engineOptions(change: Partial<EngineRequest> = {}): EngineRequest {
  return {
    file: 'Dockerfile',
    concealed: [],
    ignores: () => false,
    ...normalise(IMAGE, {}),
    insecure: [],
    check: undefined,
    report: () => undefined,
    signal: new AbortController().signal,
    ...change,
  };
}
