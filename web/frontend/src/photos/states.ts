import type { Photo, PhotoState } from "../api";

/** "12 photos, 2 in work, 1 failed": what the person waiting wants to know. */
export function statesText(photos: readonly Photo[]): string {
  const count = (...states: PhotoState[]) =>
    photos.filter((photo) => states.includes(photo.state)).length;
  const unfinished = count("waiting", "working");
  const failed = count("failed");
  return [
    `${photos.length} ${photos.length === 1 ? "photo" : "photos"}`,
    unfinished > 0 && `${unfinished} not ready yet`,
    failed > 0 && `${failed} failed`,
  ]
    .filter(Boolean)
    .join(", ");
}

/** Width by height, within what a row of the grid can show well. */
export function tileRatio({ width, height, state }: Photo): number {
  if (state === "failed" || !width || !height) return 4 / 3;
  return Math.min(Math.max(width / height, 0.6), 2.4);
}

/** The size of a picture inside a square of `side` pixels. */
export function sizeWithin(photo: Photo, side: number): { width: number; height: number } {
  const { width, height } = photo;
  if (!width || !height) return { width: side, height: Math.round((side * 3) / 4) };
  const scale = Math.min(1, side / Math.max(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}
