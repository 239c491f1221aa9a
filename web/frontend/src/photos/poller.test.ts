import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { nextDelay, Poller } from "./poller";

interface Answer {
  unfinished: number;
  hasMore?: boolean;
}
const EMPTY: Answer = { unfinished: 0 };
const BUSY: Answer = { unfinished: 2 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function startedPoller(answer: () => Answer | Promise<Answer>) {
  const page = { hidden: false, seen: [] as Answer[], troubles: [] as number[] };
  const load = vi.fn(async () => answer());
  const poller = new Poller({
    load,
    onAnswer: (answer) => {
      const isNew = answer !== page.seen.at(-1);
      page.seen.push(answer);
      return { ...answer, isNew };
    },
    onTrouble: (_error, retryInMs) => page.troubles.push(retryInMs),
    isHidden: () => page.hidden,
  });
  poller.start();
  return { poller, page, load };
}

test("asks every 1.5 s while something is unfinished", async () => {
  const { load } = startedPoller(() => BUSY);
  await vi.advanceTimersByTimeAsync(3_100);
  expect(load).toHaveBeenCalledTimes(3);
});

test("asks less and less often when nothing is unfinished", async () => {
  const { load } = startedPoller(() => EMPTY);
  await vi.advanceTimersByTimeAsync(16_000);
  expect(load).toHaveBeenCalledTimes(3); // at 0, 5 and 15 s
  expect(nextDelay({ unfinished: 0, unchanged: 50, failures: 0 })).toBe(60_000);
});

test("asks again at once while there is more to tell", async () => {
  const { load } = startedPoller(() => ({ unfinished: 0, hasMore: true }));
  await vi.advanceTimersByTimeAsync(1_050);
  expect(load).toHaveBeenCalledTimes(6); // each 0.2 s
});

test("slows down when unfinished photos do not move for long", () => {
  expect(nextDelay({ unfinished: 1, unchanged: 59, failures: 0 })).toBe(1_500);
  expect(nextDelay({ unfinished: 1, unchanged: 60, failures: 0 })).toBe(5_000);
});

test("stops while the page is hidden and asks at once when it is shown", async () => {
  const { poller, page, load } = startedPoller(() => BUSY);
  await vi.advanceTimersByTimeAsync(10);
  page.hidden = true;
  poller.visibilityChanged();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(load).toHaveBeenCalledTimes(1);
  page.hidden = false;
  poller.visibilityChanged();
  await vi.advanceTimersByTimeAsync(200);
  expect(load).toHaveBeenCalledTimes(2);
});

test("an answer that comes while the page is hidden asks for no other", async () => {
  const slow = () => new Promise<Answer>((resolve) => setTimeout(resolve, 500, BUSY));
  const { page, load } = startedPoller(slow);
  await vi.advanceTimersByTimeAsync(100);
  page.hidden = true;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(load).toHaveBeenCalledTimes(1);
});

test("a burst of changes during a slow answer asks once more and loses no answer", async () => {
  const slow = () => new Promise<Answer>((resolve) => setTimeout(resolve, 500, BUSY));
  const { poller, page, load } = startedPoller(slow);
  await vi.advanceTimersByTimeAsync(100);
  for (let round = 0; round < 5; round += 1) poller.soon();
  await vi.advanceTimersByTimeAsync(450);
  expect(page.seen).toEqual([BUSY]);
  await vi.advanceTimersByTimeAsync(200);
  expect(load).toHaveBeenCalledTimes(2);
});

test("waits longer after each failure, recovers and says both", async () => {
  let broken = true;
  const { page } = startedPoller(() => {
    if (broken) throw new TypeError("Failed to fetch");
    return EMPTY;
  });
  await vi.advanceTimersByTimeAsync(3_100);
  expect(page.troubles).toEqual([3_000, 6_000]);
  broken = false;
  await vi.advanceTimersByTimeAsync(6_000);
  expect(page.seen).toEqual([EMPTY]);
});

test("an answer that comes after the stop is dropped", async () => {
  const slow = () => new Promise<Answer>((resolve) => setTimeout(resolve, 500, BUSY));
  const { poller, page, load } = startedPoller(slow);
  await vi.advanceTimersByTimeAsync(100);
  poller.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(page.seen).toEqual([]);
  expect(load).toHaveBeenCalledTimes(1);
});
