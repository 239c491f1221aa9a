import type { Photo } from "../api/types";

const LEAST = 0.66;
const MOST = 2;
const UNKNOWN = 4 / 3;

/** Width by height, within what a row shows well: as `tile_ratio` of page_data.py. */
export function tileRatio({ width, height, state }: Photo): number {
  if (state === "failed" || !width || !height) return UNKNOWN;
  return Math.min(Math.max(width / height, LEAST), MOST);
}

/** The size of a picture inside a square of `side` pixels. */
export function sizeWithin(
  photo: { width: number; height: number },
  side: number,
): { width: number; height: number } {
  const { width, height } = photo;
  if (!width || !height) return { width: side, height: Math.round((side * 3) / 4) };
  const scale = Math.min(1, side / Math.max(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}
