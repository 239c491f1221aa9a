import { useLayoutEffect, useState, type RefObject } from "react";

import type { Room } from "./rows";

/** The grid's width, and the gap and height of rows that its style sheet wants. */
export function useRoom(grid: RefObject<HTMLElement | null>, firstWidth: number) {
  const [room, setRoom] = useState<Room>(() => roomOf(document.documentElement, firstWidth));
  const [top, setTop] = useState(0);

  useLayoutEffect(() => {
    const element = grid.current!;
    const measure = () => {
      const box = element.getBoundingClientRect();
      setTop(box.top + window.scrollY);
      setRoom((before) => {
        const now = roomOf(element, box.width);
        return same(before, now) ? before : now;
      });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    observer.observe(document.body); // what grows above moves the grid
    return () => observer.disconnect();
  }, [grid]);

  return { room, top };
}

function roomOf(element: Element, width: number): Room {
  const style = getComputedStyle(element);
  const pixels = (name: string) => Number.parseFloat(style.getPropertyValue(name));
  return { width, gap: pixels("--grid-gap"), rowHeight: pixels("--row-height") };
}

function same(one: Room, other: Room): boolean {
  return (
    one.width === other.width && one.gap === other.gap && one.rowHeight === other.rowHeight
  );
}
