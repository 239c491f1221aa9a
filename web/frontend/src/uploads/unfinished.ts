/** Uploads that were begun and never ended, here or on another machine. */

import { cancelUpload } from "../api/client";
import type { UnfinishedUpload } from "../api/types";
import { forget, isOf, urlOf } from "./memory";

export class Unfinished {
  private readonly listeners = new Set<() => void>();

  constructor(private uploads: readonly UnfinishedUpload[]) {}

  /** For React's useSyncExternalStore. */
  snapshot = (): readonly UnfinishedUpload[] => this.uploads;
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** The address of the upload that this file ends; it is not listed any more then. */
  take = (file: File): string | null => {
    const found = this.uploads.find((upload) => isOf(upload, file));
    if (!found) return null;
    this.drop(found);
    return urlOf(found);
  };

  discard(upload: UnfinishedUpload): void {
    this.drop(upload);
    forget(urlOf(upload));
    cancelUpload(upload.id).catch(() => {}); // the site drops it by itself in a day
  }

  discardAll(): void {
    for (const upload of this.uploads) this.discard(upload);
  }

  private drop(upload: UnfinishedUpload): void {
    this.uploads = this.uploads.filter((other) => other !== upload);
    for (const listener of this.listeners) listener();
  }
}
