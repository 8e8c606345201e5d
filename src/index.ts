/**
 * What the command line does, as a library.
 *
 * @packageDocumentation
 */
export { build, type BuildOptions, type Built } from './build.js';
export { type Builder, openBuilder } from './builder/builder.js';
export { withBuilder } from './builder/with-builder.js';
export { compileIgnore, type Ignore, parseIgnore } from './dockerfile/ignore.js';
export { compose, type Edit } from './edit/edit.js';
export { setMode } from './edit/mode.js';
export { type Owner, parseOwner, setOwner } from './edit/owner.js';
export { addPrefix, stripComponents } from './edit/rename.js';
export { safeNames } from './edit/safe.js';
export { select, type Selection } from './edit/select.js';
export { clampTimes, setTimes } from './edit/times.js';
export type { Architecture } from './elf/architecture.js';
export type { Elf } from './elf/elf.js';
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
export { DockerceptionError, type ErrorDetails, type ErrorKind } from './errors.js';
export type { Attributes, Directory, Extra, Leaf, Node } from './filesystem/node.js';
export { filterInto } from './filter.js';
export { filter } from './filter-stream.js';
export type { Compression, CompressionType } from './image/compression.js';
export type { ContainerConfig, Healthcheck, History, ImageConfig, RootFs } from './image/config.js';
export type { Insecure } from './image/registry/insecure.js';
export type {
  TransferEvent,
  TransferReport,
  TransferStatus,
  TransferVertex,
} from './image/registry/progress.js';
export type { Change } from './inspect/difference/changes.js';
export {
  type Difference,
  type DifferenceEntry,
  differenceOf,
  type How,
} from './inspect/difference/difference.js';
export { type Entry, type EntryKind, find, walk } from './inspect/entry.js';
export { type Exceeded, MAX_OFFENDERS, type Offender } from './inspect/exceeded.js';
export type { Finding, Severity } from './inspect/finding.js';
export { inspect } from './inspect/inspect.js';
export type {
  Duplicate,
  HiddenFile,
  ImageFacts,
  Inspection,
  LayerFacts,
  Waste,
} from './inspect/inspection.js';
export { inspectionJson, type JsonOptions } from './inspect/json.js';
export { type Checked, checkLimits, exceeded } from './inspect/limits.js';
export { parseSize } from './inspect/parse-size.js';
export type { Content, ElfContent, ScriptContent, Secret } from './inspect/probe/content.js';
export type { UnmappableEntry } from './inspect/read/unmappable.js';
export { renderText, type TextOptions } from './inspect/text/render.js';
export type { Look } from './inspect/text/style.js';
export { ENGINE_NAMES, type EngineName } from './options/build.js';
export type { Artifact, BuilderOptions } from './options/builder.js';
export type { Addition, ContextOptions, FilterOptions } from './options/context.js';
export type { Output } from './options/image.js';
export type { InspectOptions } from './options/inspect.js';
export type { Limits, Share } from './options/limits.js';
export type { PageChange, PageDifference } from './page/encode.js';
export { type ClientBundle, type PageSubject, renderPage } from './page/page.js';
export { type FileReceiver, type Part, pass, type Passed, type Plan } from './pipeline.js';
export type {
  ProgressEvent,
  Report,
  SolveStatus,
  Vertex,
  VertexLog,
  VertexStatus,
  VertexWarning,
} from './progress/events.js';
export { DescriptorSink } from './sink/descriptor.js';
export type { EntrySink } from './sink/entries.js';
export type { Sink } from './sink/sink.js';
export { StreamSink } from './sink/stream.js';
export type { Bytes } from './source/bytes.js';
export type { Source } from './source/source.js';
export type { DeviceNumbers, ViewedEntry } from './tar/entry-header.js';
export type { EntryHeader } from './tar/entry-header.js';
export { EntryView, type ViewHandler } from './tar/entry-view.js';
export type { GlobalHeader } from './tar/global.js';
export { METADATA_LIMIT } from './tar/metadata-block.js';
export type { PaxRecord, PaxRecords } from './tar/pax.js';
export type { MapRest, SparseMap } from './tar/sparse-map.js';
export type { Trailing } from './tar/trailing.js';
export type { EntryType } from './tar/typeflag.js';
export { type Ending, TarWalk, type WalkHandler } from './tar/walk.js';
export { parseTime, sourceDateEpoch } from './text/time.js';
