import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import type { GalleryData } from "../api/types";
import { takeChosen, takeDropped } from "./drop";
import { urlOf } from "./memory";
import { UploadQueue } from "./queue";
import { sendTo } from "./sender";
import { Unfinished } from "./unfinished";
import { UploadPanel } from "./UploadPanel";

/** Brings the server's upload form to life: loaded only by whoever may upload. */
export function startUploads(form: HTMLElement, data: GalleryData, onAccepted: () => void): void {
  const { photo_mb, zip_mb } = data.limits;
  const unfinished = new Unfinished(data.uploads.filter(({ state }) => state === "receiving"));
  const queue = new UploadQueue({
    send: sendTo(data.gallery.slug, photo_mb),
    photoMb: photo_mb,
    zipMb: zip_mb,
    urlOf: unfinished.take,
    onAccepted,
  });
  createRoot(form.querySelector("#uploads")!).render(
    <StrictMode>
      <UploadPanel
        queue={queue}
        unfinished={unfinished}
        showsLocations={data.gallery.shows_locations}
      />
    </StrictMode>,
  );
  for (const upload of data.uploads) {
    if (upload.state !== "receiving") queue.follow(upload.name, upload.size_bytes, urlOf(upload));
  }
  takeDropped(form.querySelector(".drop")!, queue);
  takeChosen(form.querySelector("input[type=file]")!, queue);
  window.addEventListener("beforeunload", (event) => {
    if (queue.isSending()) event.preventDefault();
  });
}
