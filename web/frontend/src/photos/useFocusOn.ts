import type { Virtualizer } from "@tanstack/react-virtual";
import { useEffect } from "react";

import type { Photo } from "../api/types";
import type { Row } from "./rows";

const MOST_FRAMES = 60; // until the row that was scrolled to exists

interface Grid {
  photos: readonly Photo[];
  rows: readonly Row[];
  virtualizer: Virtualizer<Window, Element>;
}

/** Brings a photo into the window and gives it the focus, each time another is named. */
export function useFocusOn(id: string | null, { photos, rows, virtualizer }: Grid): void {
  useEffect(() => {
    if (id === null) return;
    const index = photos.findIndex((photo) => photo.id === id);
    const row = rows.findIndex(({ start, end }) => index >= start && index < end);
    if (row === -1) return;
    if (!focusTile(id)) virtualizer.scrollToIndex(row, { align: "center" });
    let frame = 0;
    const tryFor = (frames: number) => {
      if (focusTile(id) || frames === 0) return;
      frame = requestAnimationFrame(() => tryFor(frames - 1));
    };
    frame = requestAnimationFrame(() => tryFor(MOST_FRAMES));
    return () => cancelAnimationFrame(frame);
    // Only when another photo is named: not again when the photos change.
  }, [id]);
}

function focusTile(id: string): boolean {
  const link = document.querySelector<HTMLElement>(`[id="p-${id}"] .tile-open`);
  link?.focus();
  return link !== null;
}
