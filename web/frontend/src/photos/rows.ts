/**
 * Justified rows: photos keep their shapes, and each row but the last is filled.
 *
 * The rule is that of the style sheet (`.grid` in gallery.css, which shapes the page until
 * the script has come): a row takes photos as long as they fit at the wanted height, and
 * then grows until it is full. A last row that leaves room is not stretched.
 */

export interface Room {
  width: number;
  gap: number;
  /** The least height of a row, in pixels; a row of one wide photo may be lower. */
  rowHeight: number;
}

export interface Row {
  /** Photos from `start` to before `end`. */
  start: number;
  end: number;
  top: number;
  height: number;
}

const SLACK = 0.01; // browsers count in fractions of a pixel

export function layRows(ratios: readonly number[], room: Room): Row[] {
  const rows: Row[] = [];
  let top = 0;
  for (let start = 0; start < ratios.length; ) {
    const { end, sum } = fill(ratios, start, room);
    const height = heightOf({ count: end - start, sum, isLast: end === ratios.length }, room);
    rows.push({ start, end, top, height });
    top += height + room.gap;
    start = end;
  }
  return rows;
}

/** As many as fit, and at least one. */
function fill(ratios: readonly number[], start: number, { width, gap, rowHeight }: Room) {
  let sum = ratios[start]!;
  let end = start + 1;
  while (end < ratios.length) {
    const wider = sum + ratios[end]!;
    if (wider * rowHeight + (end - start) * gap > width + SLACK) break;
    sum = wider;
    end += 1;
  }
  return { end, sum };
}

function heightOf(row: { count: number; sum: number; isLast: boolean }, room: Room): number {
  const { width, gap, rowHeight } = room;
  const natural = row.sum * rowHeight + (row.count - 1) * gap;
  if (row.isLast && natural + gap <= width + SLACK) return rowHeight;
  return (width - (row.count - 1) * gap) / row.sum;
}

/** Where each photo of a row stands, from its left. */
export function placesIn(row: Row, ratios: readonly number[], gap: number) {
  let left = 0;
  return ratios.slice(row.start, row.end).map((ratio, offset) => {
    const place = { index: row.start + offset, left, width: ratio * row.height };
    left += place.width + gap;
    return place;
  });
}
