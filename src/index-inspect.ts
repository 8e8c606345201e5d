/**
 * What an inspection finds, and what is made of it: differences, limits, text, JSON, and the HTML page.
 *
 * @module dockerception/inspect
 */
export type { CompressionType } from './compression/compress.js';
export type { Architecture } from './elf/architecture.js';
export type { Elf } from './elf/elf.js';
export type { AssembledSystem, ImageCheck, LayersSummary, StoredImage } from './engine/engine.js';
export type { Attributes, Directory, Extra, Leaf, Node } from './filesystem/node.js';
export type { ContainerConfig, Healthcheck, History, ImageConfig, RootFs } from './image/config.js';
export type { Change } from './inspect/difference/changes.js';
export {
  type Difference,
  type DifferenceEntry,
  differenceOf,
  type How,
} from './inspect/difference/difference.js';
export { type Entry, type EntryKind, find, walk } from './inspect/entry.js';
export type { Exceeded, Offender } from './inspect/exceeded.js';
export type { Finding, Severity } from './inspect/finding.js';
export type {
  Duplicate,
  HiddenFile,
  ImageFacts,
  Inspection,
  LayerFacts,
  Waste,
} from './inspect/inspection.js';
export { inspectionJson, type JsonOptions } from './inspect/json.js';
export { type Checked, exceeded } from './inspect/limits.js';
export type { Content, ElfContent, ScriptContent, Secret } from './inspect/probe/content.js';
export type { UnmappableEntry } from './inspect/read/unmappable.js';
export { renderText, type TextOptions } from './inspect/text/render.js';
export type { Share } from './options/limits.js';
export { type ClientBundle, type PageSubject, renderPage } from './page/page.js';
