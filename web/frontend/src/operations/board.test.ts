import { expect, test } from "vitest";

import { BUSY_MS, IDLE_MS, isOld, pauseAfter } from "./board";

test("a site with a run is asked often, a quiet or silent one now and then", () => {
  const state = { key: "1", busy: true, progress: {} };

  expect(pauseAfter(state)).toBe(BUSY_MS);
  expect(pauseAfter({ ...state, busy: false })).toBe(IDLE_MS);
  expect(pauseAfter(null)).toBe(IDLE_MS);
});

test("what was drawn is old after a while, and when the clock is put back or forward", () => {
  const now = Date.UTC(2026, 10, 30, 12);

  expect(isOld(now - 1000, now)).toBe(false);
  expect(isOld(now - 10 * 60_000, now)).toBe(true);
  expect(isOld(now + 3_600_000, now)).toBe(true);
  expect(isOld(now - 3_600_000, now)).toBe(true);
});
