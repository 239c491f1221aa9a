/** The photos of the page, as far as they are loaded, and how many there are in all. */

import type { Changes, Counts, Photo, PhotoPage } from "../api/types";

export interface Snapshot {
  photos: readonly Photo[];
  /** Where the next page is; null when all are here. */
  next: string | null;
  /** Of the whole gallery, whatever is searched for. */
  counts: Counts;
}

interface Options {
  page: PhotoPage;
  counts: Counts;
  /** Only what matches a search is shown: photos that are not here may not belong here. */
  isFiltered: boolean;
}

export class PhotoStore {
  private current: Snapshot;
  private readonly isFiltered: boolean;
  private readonly listeners = new Set<() => void>();
  // An answer that was under way during a deletion may still list the photo.
  private readonly deleted = new Set<string>();

  constructor({ page, counts, isFiltered }: Options) {
    this.isFiltered = isFiltered;
    this.current = { photos: page.results, next: page.next, counts };
  }

  /** For React's useSyncExternalStore: another object whenever something changed. */
  snapshot = (): Snapshot => this.current;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  append(page: PhotoPage): void {
    const known = new Set(this.current.photos.map((photo) => photo.id));
    const fresh = page.results.filter(({ id }) => !known.has(id) && !this.deleted.has(id));
    this.set({ photos: [...this.current.photos, ...fresh], next: page.next });
  }

  /** Takes the place of all that was loaded. */
  replaceAll(page: PhotoPage): void {
    const photos = page.results.filter(({ id }) => !this.deleted.has(id));
    this.set({ photos, next: page.next });
  }

  replace(photo: Photo): void {
    this.set({ photos: this.current.photos.map((one) => (one.id === photo.id ? photo : one)) });
  }

  /** Takes in what the site says has changed. True: something is gone, load anew. */
  apply({ photos: changed, counts }: Changes): boolean {
    const before = this.current.counts;
    const photos = changed.length > 0 ? this.merged(changed) : this.current.photos;
    if (photos !== this.current.photos || !sameCounts(before, counts)) this.set({ photos, counts });
    if (this.isFiltered) return false;
    if (this.current.next === null) return photos.length !== counts.total;
    return counts.total < before.total;
  }

  remove(id: string): void {
    this.deleted.add(id);
    const { counts } = this.current;
    this.set({
      photos: this.current.photos.filter((photo) => photo.id !== id),
      counts: { ...counts, total: counts.total - 1 },
    });
  }

  wasDeleted(id: string): boolean {
    return this.deleted.has(id);
  }

  /** Puts a photo behind another one, or first; the site is told by someone else. */
  move(id: string, afterId: string | null): void {
    const moved = this.current.photos.find((photo) => photo.id === id);
    if (!moved || id === afterId) return;
    const photos = this.current.photos.filter((photo) => photo.id !== id);
    photos.splice(photos.findIndex((photo) => photo.id === afterId) + 1, 0, moved);
    this.set({ photos });
  }

  private merged(changed: readonly Photo[]): readonly Photo[] {
    const byId = new Map(changed.map((photo) => [photo.id, photo]));
    const photos = this.current.photos.map((photo) => {
      const newer = byId.get(photo.id);
      byId.delete(photo.id);
      return newer ?? photo;
    });
    const fresh = [...byId.values()].filter((photo) => this.belongsHere(photo));
    return [...photos, ...fresh].sort(byPosition);
  }

  /** Of a photo that is not loaded: is its place among the loaded ones? */
  private belongsHere(photo: Photo): boolean {
    if (this.isFiltered || this.deleted.has(photo.id)) return false;
    const last = this.current.photos.at(-1);
    return this.current.next === null || (last !== undefined && byPosition(photo, last) < 0);
  }

  private set(changes: Partial<Snapshot>): void {
    this.current = { ...this.current, ...changes };
    for (const listener of this.listeners) listener();
  }
}

function byPosition(one: Photo, other: Photo): number {
  return one.position - other.position || (one.id < other.id ? -1 : 1);
}

function sameCounts(one: Counts, other: Counts): boolean {
  return (
    one.total === other.total && one.unfinished === other.unfinished && one.failed === other.failed
  );
}
