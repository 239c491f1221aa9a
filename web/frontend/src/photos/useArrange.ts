import { useMemo, useRef, useState, type DragEvent } from "react";

import type { Photo } from "../api/types";
import { t } from "../i18n";

export interface Arrange {
  /** What a screen reader says of the last move. */
  said: string;
  /** Moves a photo by so many places; -Infinity to the front. */
  shift: (id: string, by: number) => void;
  dragged: (id: string) => {
    onDragStart: (event: DragEvent) => void;
    onDragOver: (event: DragEvent) => void;
    onDrop: (event: DragEvent) => void;
  };
}

/** Puts photos into another order, by their buttons or by dragging. null while it is off. */
export function useArrange(
  photos: readonly Photo[],
  onMove: (id: string, afterId: string | null) => Promise<void>,
  isOn: boolean,
): Arrange | null {
  const [said, setSaid] = useState("");
  const dragging = useRef<string | null>(null);
  const latest = useRef(photos);
  latest.current = photos;

  return useMemo(() => {
    if (!isOn) return null;

    function moveTo(id: string, place: number): void {
      const others = latest.current.filter((photo) => photo.id !== id);
      const moved = latest.current.find((photo) => photo.id === id);
      const wanted = Math.min(Math.max(place, 0), others.length);
      if (!moved || latest.current[wanted] === moved) return;
      void onMove(id, others[wanted - 1]?.id ?? null);
      setSaid(t.arrange.moved(moved.name, wanted + 1));
    }

    const indexOf = (id: string) => latest.current.findIndex((photo) => photo.id === id);
    return {
      said,
      shift: (id, by) => moveTo(id, indexOf(id) + by),
      dragged: (id) => ({
        onDragStart: (event) => {
          dragging.current = id;
          event.dataTransfer.effectAllowed = "move";
        },
        onDragOver: (event) => {
          if (dragging.current && dragging.current !== id) event.preventDefault();
        },
        onDrop: (event) => {
          event.preventDefault();
          if (dragging.current) moveTo(dragging.current, indexOf(id));
          dragging.current = null;
        },
      }),
    };
  }, [isOn, onMove, said]);
}
