import { expect, test } from "vitest";

import type { Counts, Photo, PhotoPage } from "../api/types";
import { PhotoStore } from "./store";

function photo(id: string, position: number, more: Partial<Photo> = {}): Photo {
  return {
    id,
    position,
    name: `${id}.jpg`,
    caption: "",
    state: "ready",
    error: "",
    notice: "",
    width: 3,
    height: 2,
    size_bytes: 1,
    taken_at: null,
    camera: "",
    uploaded_at: "2026-01-01T00:00:00Z",
    placeholder: "",
    thumbnail_url: "t",
    preview_url: "p",
    original_url: "o",
    has_location: false,
    can_edit: false,
    ...more,
  };
}

const page = (photos: Photo[], next: string | null = null): PhotoPage => ({
  results: photos,
  next,
  previous: null,
});
const counts = (total: number, unfinished = 0): Counts => ({ total, unfinished, failed: 0 });
const changes = (photos: Photo[], total: number) => ({
  photos,
  since: "x",
  more: false,
  counts: counts(total),
});

function storeOf(photos: Photo[], { next = null as string | null, isFiltered = false } = {}) {
  const store = new PhotoStore({ page: page(photos, next), counts: counts(photos.length), isFiltered });
  return { store, ids: () => store.snapshot().photos.map(({ id }) => id).join("") };
}

test("a changed photo takes the place of the old one", () => {
  const { store } = storeOf([photo("a", 1, { state: "waiting" }), photo("b", 2)]);
  expect(store.apply(changes([photo("a", 1)], 2))).toBe(false);
  expect(store.snapshot().photos[0]!.state).toBe("ready");
});

test("a new photo stands where its position says", () => {
  const { store, ids } = storeOf([photo("a", 1), photo("c", 3)]);
  store.apply(changes([photo("b", 2), photo("d", 4)], 4));
  expect(ids()).toBe("abcd");
});

test("what is moved elsewhere moves here", () => {
  const { store, ids } = storeOf([photo("a", 1), photo("b", 2), photo("c", 3)]);
  store.apply(changes([photo("a", 9)], 3));
  expect(ids()).toBe("bca");
});

test("a photo behind the loaded ones comes with its own page", () => {
  const { store, ids } = storeOf([photo("a", 1)], { next: "/more" });
  store.apply(changes([photo("z", 9)], 50));
  expect(ids()).toBe("a");
  store.append(page([photo("b", 2), photo("a", 1)]));
  expect(ids()).toBe("ab");
});

test("a list that is whole and has another number of photos is loaded anew", () => {
  const { store } = storeOf([photo("a", 1), photo("b", 2)]);
  expect(store.apply(changes([], 2))).toBe(false);
  expect(store.apply(changes([], 1))).toBe(true);
});

test("one that is not whole is loaded anew when there are fewer than before", () => {
  const { store } = storeOf([photo("a", 1)], { next: "/more" });
  expect(store.apply(changes([], 50))).toBe(false);
  expect(store.apply(changes([], 51))).toBe(false);
  expect(store.apply(changes([], 50))).toBe(true);
});

test("a search takes in no photo that it did not find", () => {
  const { store, ids } = storeOf([photo("a", 1)], { isFiltered: true });
  expect(store.apply(changes([photo("b", 2)], 2))).toBe(false);
  expect(ids()).toBe("a");
});

test("a deleted photo does not come back with an answer that was under way", () => {
  const { store, ids } = storeOf([photo("a", 1), photo("b", 2)]);
  store.apply(changes([], 2));
  store.remove("a");
  expect(store.snapshot().counts.total).toBe(1);
  store.apply(changes([photo("a", 1)], 1));
  store.append(page([photo("a", 1)]));
  expect(ids()).toBe("b");
});

test("photos are put behind another one, or first", () => {
  const { store, ids } = storeOf([photo("a", 1), photo("b", 2), photo("c", 3)]);
  store.move("a", "c");
  expect(ids()).toBe("bca");
  store.move("a", null);
  expect(ids()).toBe("abc");
  store.move("c", "a");
  expect(ids()).toBe("acb");
});

test("who listens hears of a change, and of nothing when nothing changed", () => {
  const { store } = storeOf([photo("a", 1)]);
  let heard = 0;
  store.subscribe(() => (heard += 1));
  store.apply(changes([], 2));
  store.apply(changes([], 2));
  expect(heard).toBe(1);
});
