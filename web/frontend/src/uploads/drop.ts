/** Takes files: chosen by the button, or dropped anywhere on the page. */

import { t } from "../i18n";
import type { UploadQueue } from "./queue";

export function takeChosen(input: HTMLInputElement, queue: UploadQueue): void {
  input.disabled = false;
  input.addEventListener("change", () => {
    queue.add([...(input.files ?? [])]);
    input.value = ""; // so that the same file can be chosen again
  });
}

/** Beside the zone as well: there the browser would open them. */
export function takeDropped(zone: HTMLElement, queue: UploadQueue): void {
  const mark = (isOver: boolean) => zone.classList.toggle("drop-over", isOver);
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  window.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(true);
  });
  window.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(false);
  });
  window.addEventListener("drop", (event) => {
    mark(false);
    if (!hasFiles(event)) return;
    event.preventDefault();
    take(event.dataTransfer!.items, queue);
  });
}

function take(items: DataTransferItemList, queue: UploadQueue): void {
  const files: File[] = [];
  for (const item of items) {
    const file = item.getAsFile();
    if (!file) continue;
    if (item.webkitGetAsEntry()?.isDirectory) queue.refuse(file, t.upload.folder);
    else files.push(file);
  }
  queue.add(files);
}
