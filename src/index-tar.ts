/**
 * Tar streams: the walk over their headers, the edits of their entries, and the pipeline that runs these.
 *
 * @module dockerception/tar
 */
export { compileIgnore, type Ignore, parseIgnore } from './dockerfile/patterns/ignore.js';
export {
  clampTimes,
  type Owner,
  parseOwner,
  setMode,
  setOwner,
  setTimes,
} from './edit/attributes.js';
export { compose, type Edit } from './edit/edit.js';
export type { FileReceiver } from './edit/find-dockerfile.js';
export { addPrefix, safeNames, stripComponents } from './edit/names.js';
export { select, type Selection } from './edit/select.js';
export { filterInto } from './filter.js';
export {
  type PipelineInput,
  type PipelinePlan,
  type PipelineSummary,
  runPipeline,
} from './pipeline.js';
export { DescriptorSink } from './sink/descriptor.js';
export type { EntrySink, Sink } from './sink/sink.js';
export { StreamSink } from './sink/stream.js';
export type { Bytes } from './source/bytes.js';
export type { Source } from './source/source.js';
export type { DeviceNumbers, EntryType } from './tar/block.js';
export type { EntryHeader } from './tar/entry-header.js';
export type { GlobalHeader } from './tar/global-header.js';
export { METADATA_LIMIT } from './tar/metadata.js';
export type { PaxRecord, PaxRecords } from './tar/pax.js';
export type { MapRest, SparseMap } from './tar/sparse-map.js';
export { TarWalk } from './tar/walk.js';
export type { Ending, Trailing, WalkHandler } from './tar/walk-handler.js';
export { parseTime, sourceDateEpoch } from './text/time.js';
