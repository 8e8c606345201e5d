/** Registries: pulling images to build upon, and pushing those that were built. */
export { type PulledImage, pullImage } from './pull.js';
export { pushImage } from './push.js';
export type { PullSettings } from './resolve.js';
export type { RegistrySettings } from './settings.js';
export { streamImage } from './stream.js';
