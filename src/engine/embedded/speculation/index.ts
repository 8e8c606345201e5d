/** Layers that are written while the context arrives. */
export { DivertingSpool } from './diverting-spool.js';
export {
  isPredictable,
  type Prediction,
  SpeculativeLayerWriter,
} from './speculative-layer-writer.js';
