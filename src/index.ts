/**
 * The library: what the verbs of the command line do, as functions.
 *
 * @module dockerception
 */
export { build, type BuildOptions, type Built } from './build.js';
export { type Builder, openBuilder, withBuilder } from './builder/builder.js';
export type { Compression } from './compression/compress.js';
export type { BuildContext, BuildResult, Engine, EngineRequest } from './engine/engine.js';
export type { ErrorCode } from './error-codes.js';
export { DockerceptionError, type ErrorDetails, type ErrorKind } from './errors.js';
export { filter } from './filter.js';
export { inspect } from './inspect/inspect.js';
export type { EngineName } from './options/build.js';
export type { Artifact, BuilderOptions } from './options/builder.js';
export type { Addition, ContextOptions, FilterOptions } from './options/context.js';
export type { Output } from './options/image.js';
export type { InspectOptions } from './options/inspect.js';
export type { Limits } from './options/limits.js';
export type { ProgressEvent, Report } from './progress/events.js';
