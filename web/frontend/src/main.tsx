import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import type { GalleryData } from "./api/types";
import { attachDownload } from "./downloads/button";
import { GalleryPage } from "./gallery/GalleryPage";
import { PhotoPages } from "./gallery/pages";
import { speak } from "./i18n";
import "./gallery/gallery.css";
import "./photos/lightbox.css";
import "./uploads/uploads.css";

const data = document.getElementById("gallery-data");
if (data) void start(JSON.parse(data.textContent!));

async function start(data: GalleryData): Promise<void> {
  await speak(data.language);
  const pages = new PhotoPages(data);
  const place = document.getElementById("photos")!;
  createRoot(place).render(
    <StrictMode>
      <GalleryPage data={data} pages={pages} width={place.getBoundingClientRect().width} />
    </StrictMode>,
  );
  attachDownload(data.gallery.slug, pages.store);
  const upload = document.getElementById("upload");
  if (upload) {
    const { startUploads } = await import("./uploads/start");
    startUploads(upload, data, () => pages.poller.soon());
  }
}
