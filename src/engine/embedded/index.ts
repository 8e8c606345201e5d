/** The embedded engine. */
export { embeddedEngine, type EmbeddedSettings, type Otherwise } from './embedded-engine.js';
