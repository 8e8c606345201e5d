/** Which of the outputs an engine can make: archives of its own making, no file systems, no layouts. */
import { DockerceptionError } from '../../errors.js';
import type { EngineRequest } from '../engine.js';
import type { Ping } from './connection.js';

/** The Engine API of Docker 25, whose archives are OCI layouts as well. */
const OCI_ARCHIVES = [1, 44] as const;

/**
 * Refuses what the engine can't do, before anything is sent.
 *
 * @param warn told when an archive will be Docker's alone although OCI's was asked for.
 * @throws DockerceptionError of kind usage.
 */
export function checkOutputs(
  options: Pick<EngineRequest, 'outputs' | 'push' | 'tags'>,
  ping: Ping,
  warn: (message: string) => void,
): void {
  if (options.push && options.tags.length === 0)
    throw usage(
      'PUSH_UNTAGGED',
      'pushing the image: it has no name',
      'name it with -t REGISTRY/NAME',
    );
  for (const { type, dest, attributes } of options.outputs) {
    const spec = `type=${type},dest=${dest}`;
    if (type !== 'docker' && type !== 'oci')
      throw usage(
        'OUTPUT_TYPE',
        `writing ${spec}: the docker engine writes type=docker and type=oci only`,
        'without RUN, --engine embedded writes it; with RUN, `dockerception filter | docker buildx build --output … -`',
      );
    const [attribute] = Object.keys(attributes).filter((key) => !isDefault(key, attributes[key]));
    if (attribute !== undefined)
      throw usage(
        'OUTPUT_ATTRIBUTE',
        `writing ${spec},${attribute}=${attributes[attribute]}: the docker engine doesn't know ${attribute}`,
        'leave it out, or without RUN use --engine embedded; else `dockerception filter | docker buildx build --output … -`',
      );
    if (type === 'oci' && !writesOci(ping))
      warn(`this engine writes Docker's archive format: ${dest} is type=docker, not type=oci`);
  }
}

function isDefault(key: string, value: string | undefined): boolean {
  return key === 'tar' && value === 'true';
}

function writesOci({ isPodman, apiVersion = '' }: Ping): boolean {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  const [needMajor, needMinor] = OCI_ARCHIVES;
  return !isPodman && (major > needMajor || (major === needMajor && minor >= needMinor));
}

function usage(code: string, message: string, hint: string): DockerceptionError {
  return new DockerceptionError('usage', code, message, { hint });
}
