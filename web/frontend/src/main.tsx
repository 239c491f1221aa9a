import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { GalleryPage } from "./gallery/GalleryPage";
import "./gallery/gallery.css";

const element = document.getElementById("gallery");
if (element) {
  const { photosUrl = "", uploadLimitMb = "", canUpload } = element.dataset;
  createRoot(element).render(
    <StrictMode>
      <GalleryPage
        photosUrl={photosUrl}
        uploadLimitMb={Number(uploadLimitMb)}
        canUpload={canUpload === "true"}
      />
    </StrictMode>,
  );
}
