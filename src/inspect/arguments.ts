/** Checks of what the functions that show an inspection are called with. */
import { isObject } from '../options/check.js';
import { is, object, shape } from '../options/values.js';

/** An entry of an inspection's tree. */
export const entry = is(
  "an entry, such as an inspection's root",
  (value) => isObject(value) && typeof value['path'] === 'string' && 'kind' in value,
);

/** The result of `inspect`. */
export const inspection = is(
  "an inspection, which 'inspect' returns",
  (value) => isObject(value) && isObject(value['root']) && Array.isArray(value['layers']),
);

/** What an inspection is compared with. */
export const other = shape({ inspection, difference: object }, ['inspection', 'difference']);
