import { expect, test } from "vitest";

import { layRows, placesIn, type Room } from "./rows";

const ROOM: Room = { width: 1000, gap: 10, rowHeight: 200 };

/** Shapes as cameras and phones make them, always the same ones. */
function shapes(count: number): number[] {
  const known = [1.5, 0.75, 1.7778, 1, 0.6667, 1.3333, 2];
  return Array.from({ length: count }, (_, index) => known[(index * 5 + (index >> 3)) % 7]!);
}

function rightEdge(ratios: number[], room: Room) {
  return layRows(ratios, room).map((row) => {
    const last = placesIn(row, ratios, room.gap).at(-1)!;
    return last.left + last.width;
  });
}

test("no photo makes no row", () => {
  expect(layRows([], ROOM)).toEqual([]);
});

test.each([1, 40, 280, 320.5, 335, 768, 1180, 1599.98, 3840])(
  "each row but the last fills a width of %d",
  (width) => {
    const edges = rightEdge(shapes(500), { ...ROOM, width });
    for (const edge of edges.slice(0, -1)) expect(edge).toBeCloseTo(width, 5);
  },
);

test("each photo stands in one row, in order, and rows do not overlap", () => {
  const rows = layRows(shapes(777), ROOM);
  let next = 0;
  let bottom = -ROOM.gap;
  for (const row of rows) {
    expect(row.start).toBe(next);
    expect(row.end).toBeGreaterThan(row.start);
    expect(row.top).toBeCloseTo(bottom + ROOM.gap, 5);
    next = row.end;
    bottom = row.top + row.height;
  }
  expect(next).toBe(777);
});

test("a row is never lower than wanted, but for one photo wider than the page", () => {
  for (const row of layRows(shapes(300), ROOM).slice(0, -1)) {
    expect(row.height).toBeGreaterThanOrEqual(ROOM.rowHeight - 0.01);
  }
  const [panorama] = layRows([8, 1], ROOM);
  expect(panorama).toMatchObject({ start: 0, end: 1, height: 125 });
});

test("a last row that leaves room keeps the wanted height", () => {
  expect(layRows([1.5], ROOM)[0]!.height).toBe(200);
  expect(layRows([1.5, 1.5, 1.9], ROOM)[0]!.height).toBeCloseTo(200, 5);
});

test("a last row that is as good as full is filled", () => {
  const [row] = layRows([1.6, 1.6, 1.69], ROOM); // 998 of 1000 pixels: no gap fits behind
  expect(row!.height).toBeCloseTo(980 / 4.89, 5);
});

test("ten thousand photos are laid out at once", () => {
  const started = performance.now();
  layRows(shapes(10_000), ROOM);
  expect(performance.now() - started).toBeLessThan(100);
});
