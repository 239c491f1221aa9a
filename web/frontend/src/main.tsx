import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

const root = document.getElementById("gallery");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <p>Gallery</p>
    </StrictMode>,
  );
}
