import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Changes, GalleryData, Photo } from "../api/types";
import { PhotoPages } from "./pages";

const COUNTS = { total: 2, unfinished: 0, failed: 0 };
const answers: ((changes: Changes) => void)[] = [];

vi.mock("../api/client", () => ({
  loadChanges: () => new Promise<Changes>((resolve) => answers.push(resolve)),
  Refused: class {},
}));

const photo = (id: string, position: number) => ({ id, position }) as Photo;
const changes = (...photos: Photo[]) => ({ since: "2", more: false, photos, counts: COUNTS });

function opened(): PhotoPages {
  const photos = { results: [photo("a", 1), photo("b", 2)], next: null, previous: null };
  const data = { gallery: { slug: "summer" }, filters: {}, counts: COUNTS, since: "1", photos };
  return new PhotoPages(data as unknown as GalleryData);
}

async function answer(told: Changes): Promise<void> {
  answers.shift()!(told);
  await vi.advanceTimersByTimeAsync(0);
}

const order = (pages: PhotoPages) =>
  pages.store.snapshot().photos.map(({ id }) => id).join("");

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", { hidden: false });
  vi.stubGlobal("window", { location: { origin: "http://site" } });
  answers.length = 0;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("an answer from before an edit does not take it back", async () => {
  const pages = opened();
  pages.poller.start();
  await vi.advanceTimersByTimeAsync(0);
  pages.store.replace(await pages.edit(async () => photo("a", 3)));

  await answer(changes(photo("a", 1), photo("b", 2)));
  expect(pages.store.snapshot().photos[0]).toEqual(photo("a", 3));

  await vi.advanceTimersByTimeAsync(200);
  await answer(changes(photo("a", 3), photo("b", 2)));
  expect(order(pages)).toBe("ba");
});

test("nor does one from the midst of it", async () => {
  const pages = opened();
  let finish = () => {};
  const edit = pages.edit(() => new Promise<void>((resolve) => (finish = resolve)));
  pages.poller.start();
  await vi.advanceTimersByTimeAsync(0);

  await answer(changes(photo("a", 3)));
  expect(order(pages)).toBe("ab");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(answers).toHaveLength(0); // however long it takes, it is not asked in a hurry

  finish();
  await edit;
  await vi.advanceTimersByTimeAsync(200);
  await answer(changes(photo("a", 3)));
  expect(order(pages)).toBe("ba");
});

test("an edit that failed is over as well", async () => {
  const pages = opened();
  await expect(pages.edit(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  pages.poller.start();
  await vi.advanceTimersByTimeAsync(0);

  await answer(changes(photo("a", 3)));
  expect(order(pages)).toBe("ba");
});
