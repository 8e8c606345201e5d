/** Paints the map of a directory on a canvas. */
import { formatBytes } from '../../../text/format.js';
import { visible } from '../elements/format.js';
import { colourOf, Palette } from '../elements/palette.js';
import type { Session } from '../model/session.js';
import type { Box } from '../model/treemap.js';

const FONT = 'system-ui, "Segoe UI", "DejaVu Sans", sans-serif';
const GAP = 1;
/** The opacity of entries that are not highlighted. */
const DIMMED = 0.2;

export function paint(
  context: CanvasRenderingContext2D,
  session: Session,
  boxes: readonly Box[],
): void {
  const { tree, light, view } = session;
  const palette = new Palette(view.isDark);
  context.textBaseline = 'middle';
  for (const box of boxes) {
    const isLit = light === undefined || light.reaches(box.at, tree.ends[box.at] as number);
    context.globalAlpha = isLit ? 1 : DIMMED;
    if (box.isLeaf) paintLeaf(context, session, box, palette);
    else paintFrame(context, session, box, palette);
  }
  context.globalAlpha = 1;
}

function paintFrame(
  context: CanvasRenderingContext2D,
  { tree }: Session,
  box: Box,
  palette: Palette,
): void {
  shape(context, box, 4);
  context.fillStyle = palette.frame(box.depth);
  context.fill();
  if (box.title === 0) return;
  const size = formatBytes(tree.totals[box.at] as number);
  const middle = box.y + box.title / 2 + 1;
  context.font = `600 11px ${FONT}`;
  context.fillStyle = palette.text;
  const space = box.width - 12;
  const chain = tree.lineOf(box.inner).slice(tree.lineOf(box.at).length - 1);
  const label = visible(chain.map((at) => tree.names[at]).join('/'));
  const used = write(context, label, box.x + 6, middle, space);
  context.font = `11px ${FONT}`;
  const width = context.measureText(size).width;
  if (used + width + 10 > space) return;
  context.fillStyle = palette.softText;
  context.fillText(size, box.x + box.width - 6 - width, middle);
}

function paintLeaf(
  context: CanvasRenderingContext2D,
  session: Session,
  box: Box,
  palette: Palette,
): void {
  const { tree, view } = session;
  shape(context, box, 3);
  context.fillStyle = colourOf(session, box.at);
  context.fill();
  if (view.colour === 'change' && session.changeOf(box.at) === 'gone') {
    hatch(context, box, palette.text);
  }
  if (box.width < 40 || box.height < 18) return;
  const isTall = box.height >= 36;
  const middle = box.y + (isTall ? 13 : box.height / 2 + 0.5);
  context.font = `11px ${FONT}`;
  context.fillStyle = palette.text;
  write(context, visible(tree.names[box.at] as string), box.x + 6, middle, box.width - 11);
  if (!isTall) return;
  context.fillStyle = palette.softText;
  const size = formatBytes(tree.totals[box.at] as number);
  if (context.measureText(size).width <= box.width - 9) {
    context.fillText(size, box.x + 6, middle + 15);
  }
}

function shape(context: CanvasRenderingContext2D, box: Box, most: number): void {
  const gap = Math.min(GAP, box.width / 4, box.height / 4);
  const [width, height] = [box.width - gap, box.height - gap];
  context.beginPath();
  const radius = Math.min(most, width / 5, height / 5);
  if (radius < 1) context.rect(box.x, box.y, width, height);
  else context.roundRect(box.x, box.y, width, height, radius);
}

/** Marks removed files by more than a colour. The shape is the path that was filled last. */
function hatch(context: CanvasRenderingContext2D, box: Box, colour: string): void {
  if (box.width < 8 || box.height < 8) return;
  context.save();
  context.clip();
  context.globalAlpha *= 0.1;
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  // One grid for the whole map, so that the lines of neighbours meet.
  const first = Math.floor((box.x - box.y - box.height) / 7) * 7;
  for (let from = first; from < box.x + box.width - box.y; from += 7) {
    context.moveTo(from + box.y, box.y);
    context.lineTo(from + box.y + box.height, box.y + box.height);
  }
  context.stroke();
  context.restore();
}

/** Writes as much of a text as fits; returns its width in pixels. */
function write(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  space: number,
): number {
  // No letter is narrower than 2.5 pixels, so that most of a long name need not be measured.
  let shown = text.length > space / 2.5 ? text.slice(0, Math.ceil(space / 2.5)) : text;
  let width = context.measureText(shown).width;
  if (width > space || shown.length < text.length) {
    while (shown.length > 0 && context.measureText(`${shown}…`).width > space) {
      const fitting = Math.floor((shown.length * space) / width);
      shown = shown.slice(0, Math.min(shown.length - 1, fitting));
      width = context.measureText(shown).width;
    }
    if (shown.length < 2) return 0;
    shown = `${shown}…`;
  }
  context.fillText(shown, x, y);
  return Math.min(width, space);
}
