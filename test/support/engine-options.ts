/** What an engine is asked for when nothing is asked for. */
import type { BuildOptions } from '../../src/engine/engine.js';

export function engineOptions(change: Partial<BuildOptions> = {}): BuildOptions {
  return {
    file: 'Dockerfile',
    concealed: [],
    tags: [],
    buildArgs: {},
    labels: {},
    target: undefined,
    platforms: [],
    noCache: false,
    pull: false,
    network: undefined,
    addHosts: [],
    buildContexts: {},
    push: false,
    load: false,
    compression: { type: 'gzip' },
    insecure: [],
    check: undefined,
    outputs: [],
    report: () => undefined,
    signal: new AbortController().signal,
    ...change,
  };
}
