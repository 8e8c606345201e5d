/** The limits of an image. */
import { bound, flagIn, list, option, type OptionsOf, toggle } from './schema.js';
import { amount, anyOf, number, shape, text } from './values.js';

/** A part of the image. */
export interface Share {
  /** From 0 to 100. */
  readonly percent: number;
}

const limits = flagIn('Limits');
const percent = number('a number from 0 to 100', (value) => value >= 0 && value <= 100);

/** The schema of {@link Limits}. */
export const LIMITS = {
  /** Bytes of all files in all layers. */
  maxSize: bound(
    limits(
      '--max-size SIZE',
      'bytes of all files in all layers: 10MB, 512KiB; more is exit code 6',
    ),
  ),
  maxLayers: bound(limits('--max-layers N', 'the largest number of layers')),
  /** Bytes, or a part of the image's size. */
  maxWaste: option(
    anyOf<number | Share>('a number of bytes or { percent }', [
      amount,
      shape<Share>({ percent }, ['percent']),
    ]),
    () => Infinity,
    limits('--max-waste SIZE', 'bytes hidden or repeated, or a part of the size: 5%'),
  ),
  /** Patterns in .dockerignore's syntax, which no path may match. */
  deny: list(
    text,
    limits('--deny PATTERN ...', "no path may match, in .dockerignore's syntax: '**/*.c'"),
  ),
  /** Whether files may have no setuid or setgid bit. */
  denySetuid: toggle(limits('--deny-setuid', 'no file may be setuid or setgid')),
  /** Whether owners above 65535, which rootless engines can't map, are denied. In every layer. */
  denyIds: toggle(
    limits('--deny-ids', 'no owner may be above 65535: rootless engines can not map it'),
  ),
  /** Whether a finding that keeps the image from starting exceeds the limits. */
  mustRun: toggle(limits('--must-run', 'no finding may keep the image from starting')),
};

/** Limits of an image, as the flags of the same names. An absent one isn't limited. */
export interface Limits extends OptionsOf<typeof LIMITS> {}
