/** Layers that are written while the context arrives. */
export { DivertingSpool } from './diverting-spool.js';
export {
  isPredictable,
  SpeculativeLayerWriter,
  type Prediction,
} from './speculative-layer-writer.js';
