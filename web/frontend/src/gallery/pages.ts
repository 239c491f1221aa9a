/** Loads the photos page by page as they are scrolled to, and keeps them up to date. */

import { loadChanges, loadPhoto, loadPhotos, Refused, type PhotoQuery } from "../api/client";
import { troubleOf } from "../api/troubles";
import type { Changes, GalleryData, Photo, PhotoPage } from "../api/types";
import { t } from "../i18n";
import { Poller, type Round } from "../photos/poller";
import { PhotoStore } from "../photos/store";

export interface Status {
  isLoading: boolean;
  trouble: string;
}

export class PhotoPages {
  readonly store: PhotoStore;
  readonly poller: Poller<Changes | null>;
  private since: string;
  private readonly edits = { begun: 0, ended: 0 };
  private status: Status = { isLoading: false, trouble: "" };
  private readonly listeners = new Set<() => void>();

  constructor(private readonly data: GalleryData) {
    const { photos, filters, counts } = data;
    const isFiltered = Boolean(filters.search || filters.year);
    // Without JavaScript one turns pages; with it, all begin with the first.
    const page = photos.previous ? { ...photos, results: [], next: "" } : photos;
    this.store = new PhotoStore({ page, counts, isFiltered });
    this.since = data.since;
    this.poller = new Poller({
      load: () => this.loadChanges(),
      onAnswer: (changes) => (changes ? this.take(changes) : this.takeNothing()),
      onTrouble: (error, retryInMs) => this.say(watchingTrouble(error, retryInMs)),
      isHidden: () => document.hidden,
    });
  }

  /** For React's useSyncExternalStore. */
  snapshot = (): Status => this.status;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  watch(): () => void {
    const onVisibility = () => this.poller.visibilityChanged();
    document.addEventListener("visibilitychange", onVisibility);
    this.poller.start();
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      this.poller.stop();
    };
  }

  /** The next page; nothing while one is under way, or when all are here. */
  async loadMore(): Promise<void> {
    const { next } = this.store.snapshot();
    if (next === null || this.status.isLoading) return;
    this.setStatus({ isLoading: true, trouble: "" });
    try {
      this.store.append(await this.load(next));
      this.setStatus({ isLoading: false });
    } catch (error) {
      this.setStatus({ isLoading: false, trouble: t.trouble.loading(troubleOf(error).message) });
    }
  }

  /** A photo by its address, loaded or not. Raises Refused or TypeError. */
  async find(id: string): Promise<Photo> {
    if (this.store.wasDeleted(id)) throw new Refused(404, null);
    const known = this.store.snapshot().photos.find((photo) => photo.id === id);
    return known ?? (await loadPhoto(id));
  }

  /** Carries out a change of the visitor's: no older answer shall take it back. */
  async edit<T>(change: () => Promise<T>): Promise<T> {
    this.edits.begun += 1;
    try {
      return await change();
    } finally {
      this.edits.ended += 1;
      this.poller.soon();
    }
  }

  /** null: of a moment before an edit, or in the midst of one. */
  private async loadChanges(): Promise<Changes | null> {
    const { ended } = this.edits;
    const changes = await loadChanges(this.data.gallery.slug, this.since);
    return this.edits.begun === ended ? changes : null;
  }

  private takeNothing(): Round {
    return { unfinished: this.store.snapshot().counts.unfinished, isNew: false };
  }

  private take({ since, more, ...changes }: Changes): Round {
    this.since = since;
    const before = this.store.snapshot();
    const isStale = this.store.apply({ since, more, ...changes });
    if (isStale) void this.reload();
    this.say("");
    const isNew = this.store.snapshot() !== before;
    return { unfinished: changes.counts.unfinished, isNew, hasMore: more };
  }

  /** All that was loaded, once more: something of it is gone. */
  private async reload(): Promise<void> {
    const wanted = this.store.snapshot().photos.length;
    try {
      const whole: PhotoPage = await this.load("");
      while (whole.next !== null && whole.results.length < wanted) {
        const page = await this.load(whole.next);
        whole.results.push(...page.results);
        whole.next = page.next;
      }
      this.store.replaceAll(whole);
    } catch {
      // What is shown stays; the next answer about changes leads here again.
    }
  }

  /** The page behind `next`, as a page before has named it; "" for the first. */
  private load(next: string): Promise<PhotoPage> {
    const { gallery, filters } = this.data;
    const query: PhotoQuery = {};
    if (filters.search) query.search = filters.search;
    if (filters.year) query.year = Number(filters.year);
    const cursor = new URL(next, window.location.origin).searchParams.get("cursor");
    if (cursor) query.cursor = cursor;
    return loadPhotos(gallery.slug, query);
  }

  say(trouble: string): void {
    if (trouble !== this.status.trouble) this.setStatus({ trouble });
  }

  private setStatus(changes: Partial<Status>): void {
    this.status = { ...this.status, ...changes };
    for (const listener of this.listeners) listener();
  }
}

function watchingTrouble(error: unknown, retryInMs: number): string {
  if (error instanceof TypeError) {
    return t.trouble.connectionWhileWatching(Math.round(retryInMs / 1000));
  }
  if (error instanceof Refused && error.status === 404) return t.trouble.galleryGone;
  return t.trouble.watching(troubleOf(error).message);
}
