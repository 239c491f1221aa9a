/** Megabytes are 1024 × 1024 bytes, as nginx and Django count the limit. */
export const MB = 1024 * 1024;

export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  if (bytes < MB) return `${Math.round(bytes / 1024)} kB`;
  return `${(bytes / MB).toFixed(1)} MB`;
}
