/** An engine with the Engine API: Docker or Podman. */
export { chooseBackend } from './build-options.js';
export { Connection, connectTo } from './connection.js';
export { Container, type ContainerState, type PathStat } from './container.js';
export { dockerEngine, type DockerEngineSettings } from './docker-engine.js';
export { type Endpoint, type Environment, resolveEndpoint } from './endpoint.js';
export { isNotFound, isUnreachable, lost } from './failures.js';
export { hasImage, imageArchive, type ImageDetails, imagePath, inspectImage } from './images.js';
export { loadArchive } from './load.js';
export { pullIntoEngine } from './registry.js';
