/** The docker engine: finding it, reaching it, building with it. */
export { resolveEndpoint, type Endpoint, type Environment } from './endpoint.js';
export { connect, type Connection } from './connection.js';
export { dockerEngine, type DockerEngineSettings } from './docker-engine.js';
export {
  Container,
  type ContainerSettings,
  type ContainerState,
  type PathStat,
} from './container.js';
export { loadArchive } from './load.js';
export { hasImage, imageArchive, inspectImage, type ImageDetails } from './images.js';
export { isNotFound, isNotRunning } from './engine-error.js';
export { pullImage } from './transfer.js';
export { chooseBuilder } from './capabilities.js';
