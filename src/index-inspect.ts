/**
 * What an inspection finds, and what is made of it: differences, limits, text, JSON, and the HTML page.
 *
 * @module dockerception/inspect
 */
export type { CompressionType } from './compression/compress.js';
export type { Architecture } from './elf/architecture.js';
export type { Elf } from './elf/elf.js';
export type { Shebang as ScriptContent } from './elf/script.js';
export type { AssembledSystem, ImageCheck, LayersSummary, StoredImage } from './engine/engine.js';
export type { Attributes, Directory, Extra, Leaf, Node } from './filesystem/node.js';
export type { ContainerConfig, Healthcheck, History, ImageConfig, RootFs } from './image/config.js';
export {
  type ChangedAttribute,
  type ChangeKind,
  type Compared,
  type Difference,
  type DifferenceEntry,
  differenceOf,
} from './inspect/difference.js';
export { type Entry, type EntryKind, find, walk } from './inspect/entry.js';
export type {
  Duplicate,
  Finding,
  HiddenFile,
  LayerFacts,
  Severity,
  UnmappableEntry,
  Waste,
} from './inspect/facts.js';
export type { ImageFacts, Inspection } from './inspect/inspection.js';
export { inspectionJson, type JsonOptions } from './inspect/json.js';
export { type CheckedImage, type LimitViolation, limitViolations } from './inspect/limits.js';
export type { Content, ElfContent, Secret } from './inspect/probe/content.js';
export { renderText, type TextOptions } from './inspect/text/render.js';
export type { Share } from './options/limits.js';
export { type ClientBundle, type PageSubject, renderPage } from './page/page.js';
