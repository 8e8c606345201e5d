/**
 * What the command line does, as a library.
 *
 * @packageDocumentation
 */
export { build, type BuildOptions, type Built } from './build.js';
export { filterInto } from './filter.js';
export { filter } from './filter-stream.js';
export { inspect } from './inspect/inspect.js';
export type { InspectOptions } from './options/inspect.js';
export type {
  Duplicate,
  HiddenFile,
  ImageFacts,
  Inspection,
  LayerFacts,
  Waste,
} from './inspect/inspection.js';
export type { UnmappableEntry } from './inspect/unmappable.js';
export { find, walk, type Entry, type EntryKind } from './inspect/entry.js';
export type { Content, ElfContent, ScriptContent, Secret } from './inspect/content.js';
export type { Finding, Severity } from './inspect/finding.js';
export {
  differenceOf,
  type Difference,
  type DifferenceEntry,
  type How,
} from './inspect/difference.js';
export type { Change } from './inspect/difference/changes.js';
export { checkLimits, exceeded, type Checked } from './inspect/limits.js';
export type { Limits, Share } from './options/limits.js';
export { MAX_OFFENDERS, type Exceeded, type Offender } from './inspect/exceeded.js';
export { parseSize } from './inspect/parse-size.js';
export { inspectionJson, type JsonOptions } from './inspect/json.js';
export { renderText, type TextOptions } from './inspect/text/render.js';
export type { Look } from './inspect/text/style.js';
export type { PageChange, PageDifference } from './inspect/page/encode.js';
export { renderPage, type ClientBundle, type PageSubject } from './inspect/page/page.js';
export type { Architecture } from './libs/architecture.js';
export type { Elf } from './libs/elf.js';
export { openBuilder, type Builder } from './builder/builder.js';
export { withBuilder } from './builder/with-builder.js';
export type { Artifact, BuilderOptions } from './options/builder.js';
export type { Addition, ContextOptions, FilterOptions } from './options/context.js';
export { DockerceptionError, type ErrorDetails, type ErrorKind } from './errors.js';
export { pass, type FileReceiver, type Part, type Passed, type Plan } from './pipeline.js';
export type {
  AssembledSystem,
  BuildContext,
  BuildResult,
  Engine,
  EngineRequest,
  ImageCheck,
  LayersSummary,
  StoredImage,
} from './engine/engine.js';
export type { ContainerConfig, Healthcheck, History, ImageConfig, RootFs } from './image/config.js';
export type {
  TransferEvent,
  TransferReport,
  TransferStatus,
  TransferVertex,
} from './image/registry/progress.js';
export type { Attributes, Directory, Extra, Leaf, Node } from './filesystem/node.js';
export { ENGINE_NAMES, type EngineName } from './options/build.js';
export type { Output } from './options/image.js';
export type { Insecure } from './image/registry/insecure.js';
export type { Bytes } from './source/bytes.js';
export type { Compression, CompressionType } from './image/compression.js';
export type { Source } from './source/source.js';
export type { Sink } from './sink/sink.js';
export type { EntrySink } from './sink/entries.js';
export { DescriptorSink } from './sink/descriptor.js';
export { StreamSink } from './sink/stream.js';
export { compose, type Edit } from './edit/edit.js';
export { parseOwner, setOwner, type Owner } from './edit/owner.js';
export { setMode } from './edit/mode.js';
export { clampTimes, setTimes } from './edit/times.js';
export { parseTime, sourceDateEpoch } from './tar/time.js';
export { addPrefix, stripComponents } from './edit/rename.js';
export { safeNames } from './edit/safe.js';
export { select, type Selection } from './edit/select.js';
export { compileIgnore, parseIgnore, type Ignore } from './dockerfile/ignore.js';
export { TarWalk, type Ending, type WalkHandler } from './tar/walk.js';
export { EntryView, type ViewHandler } from './tar/entry-view.js';
export type { DeviceNumbers, ViewedEntry } from './tar/entry-header.js';
export type { MapRest, SparseMap } from './tar/sparse-map.js';
export { METADATA_LIMIT } from './tar/metadata-block.js';
export type { Trailing } from './tar/trailing.js';
export type { EntryHeader } from './tar/entry-header.js';
export type { EntryType } from './tar/typeflag.js';
export type { GlobalHeader } from './tar/global.js';
export type { PaxRecord, PaxRecords } from './tar/pax.js';
export type {
  ProgressEvent,
  Report,
  SolveStatus,
  Vertex,
  VertexLog,
  VertexStatus,
  VertexWarning,
} from './progress/events.js';
