import type { Virtualizer } from "@tanstack/react-virtual";
import { useEffect } from "react";

import type { Photo } from "../api/types";
import type { Row } from "./rows";

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
    const frame = requestAnimationFrame(() => focusTile(id));
    return () => cancelAnimationFrame(frame);
    // Only when another photo is named: not again when the photos change.
  }, [id]);
}

function focusTile(id: string): boolean {
  const link = document.querySelector<HTMLElement>(`[id="p-${id}"] .tile-open`);
  link?.focus();
  return link !== null;
}
