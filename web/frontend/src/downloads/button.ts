/** "Download all": small galleries come at once, large ones are packed by a worker first. */

import { loadDownload, requestDownload } from "../api/client";
import { troubleOf } from "../api/troubles";
import type { Download } from "../api/types";
import { t } from "../i18n";
import type { PhotoStore, Snapshot } from "../photos/store";

const ASK_MS = 1_000;
const SMALL_BYTES = 200 * 1024 * 1024; // the site streams so much at once

/** Without a script the button is a link to the same zip. */
export function attachDownload(slug: string, store: PhotoStore): void {
  const link = document.querySelector<HTMLAnchorElement>("#download")!;
  store.subscribe(() => (link.hidden = store.snapshot().counts.total === 0));
  const status = document.createElement("span");
  status.className = "download-status";
  status.setAttribute("role", "status");
  link.after(status);
  link.addEventListener("click", (event) => {
    if (isSmall(store.snapshot())) return; // the link does it
    event.preventDefault();
    if (link.ariaDisabled === "true") return;
    link.ariaDisabled = "true";
    const say = (words: string) => void (status.textContent = words);
    void fetchZip(slug, say).finally(() => (link.ariaDisabled = "false"));
  });
}

function isSmall({ photos, next }: Snapshot): boolean {
  const bytes = photos.reduce((sum, photo) => sum + photo.size_bytes, 0);
  return next === null && bytes < SMALL_BYTES;
}

async function fetchZip(slug: string, say: (words: string) => void): Promise<void> {
  say(t.download.preparing);
  try {
    const url = await packed(await requestDownload(slug), say);
    say("");
    window.location.assign(url);
  } catch (error) {
    const reason = error instanceof PackingFailed ? error.message : troubleOf(error).message;
    say(t.download.failed(reason).trim());
  }
}

/** Its message is the site's own. */
class PackingFailed extends Error {}

/** The zip's address, as soon as there is one. */
async function packed(download: Download, say: (words: string) => void): Promise<string> {
  if (download.url) return download.url;
  if (download.state === "failed") throw new PackingFailed(download.error);
  if (download.photo_count > 0) say(t.download.packing(download.packed_count, download.photo_count));
  await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  return packed(await loadDownload(download.id), say);
}
