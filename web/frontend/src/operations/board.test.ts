import { expect, test } from "vitest";

import { BUSY_MS, IDLE_MS, pauseAfter } from "./board";

test("a site with a run is asked often, a quiet or silent one now and then", () => {
  const state = { key: "1", busy: true, progress: {} };

  expect(pauseAfter(state)).toBe(BUSY_MS);
  expect(pauseAfter({ ...state, busy: false })).toBe(IDLE_MS);
  expect(pauseAfter(null)).toBe(IDLE_MS);
});
