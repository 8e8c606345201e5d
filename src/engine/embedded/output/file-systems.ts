/** Writes the file systems of targets to the outputs of type `tar` and `local`. */
import type { Writable } from 'node:stream';
import { formatPlatform } from '../../../image/platform.js';
import { isImageOutput } from '../../../options/image.js';
import type { EngineRequest } from '../../engine.js';
import type { BuiltTarget } from '../stages/stages.js';
import type { LayerSettings } from './layer-tar.js';

/** Throws as `writeLocal` and `writeFlatTar`. */
export async function writeFileSystems(
  targets: readonly BuiltTarget[],
  { outputs, report }: EngineRequest,
  stdout: Writable,
  settings: LayerSettings,
): Promise<void> {
  const files = outputs.filter((output) => !isImageOutput(output));
  if (files.length === 0) return;
  const systems = await Promise.all(
    targets.map(async (target) => ({
      platform: formatPlatform(target.platform),
      root: (await target.system()).tree.freeze(),
      layers: target.layers,
    })),
  );
  const options = { ...settings, report };
  for (const { type, dest } of files) {
    if (type === 'local') {
      const { writeLocal } = await import('./local-output.js');
      await writeLocal(systems, dest, options);
    } else {
      const { writeFlatTar } = await import('./flat-tar.js');
      await writeFlatTar(systems, dest, stdout, options);
    }
  }
}
