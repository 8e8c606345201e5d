/** Registries: pulling images to build upon, and pushing those that were built. */
export { pullImage, type PulledImage } from './pull.js';
export { streamImage } from './stream.js';
export type { PullSettings } from './resolve.js';
export { pushImage } from './push.js';
export type { RegistrySettings } from './settings.js';
