import { useEffect, useState } from "react";

import type { UploadQueue } from "./queue";

/** Takes files dropped anywhere on the page: beside the zone, the browser would open them. */
export function useDrop(queue: UploadQueue): boolean {
  const [isOver, setOver] = useState(false);

  useEffect(() => {
    const stops = new AbortController();
    const listen = (name: "dragover" | "dragleave" | "drop", act: (event: DragEvent) => void) =>
      window.addEventListener(name, act, { signal: stops.signal });

    listen("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    });
    listen("dragleave", (event) => {
      if (!event.relatedTarget) setOver(false);
    });
    listen("drop", (event) => {
      setOver(false);
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      takeDropped(event.dataTransfer.items, queue);
    });
    return () => stops.abort();
  }, [queue]);

  return isOver;
}

function takeDropped(items: DataTransferItemList, queue: UploadQueue): void {
  const files: File[] = [];
  for (const item of items) {
    const file = item.getAsFile();
    if (!file) continue;
    if (item.webkitGetAsEntry()?.isDirectory) {
      queue.refuse(file, "This is a folder. Drop the photos in it, or one zip of it.");
    } else {
      files.push(file);
    }
  }
  queue.add(files);
}
