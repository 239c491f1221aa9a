/**
 * Which file an upload was begun with, so that another one of the same name is not
 * continued in its place. The site's own list says what is unfinished.
 */

import type { UnfinishedUpload } from "../api/types";

const PREFIX = "upload:";

export function remember(url: string, file: File): void {
  try {
    localStorage.setItem(PREFIX + url, String(file.lastModified));
  } catch {
    // No room, or not allowed: name and size have to do.
  }
}

export function forget(url: string): void {
  try {
    localStorage.removeItem(PREFIX + url);
  } catch {
    // Nothing was kept then.
  }
}

function remembered(url: string): string | null {
  try {
    return localStorage.getItem(PREFIX + url);
  } catch {
    return null;
  }
}

export const urlOf = ({ id }: UnfinishedUpload) => `/api/uploads/${id}/`;

export const idIn = (url: string) => url.split("/").at(-2) ?? "";

/** Is this the file with which the upload was begun? */
export function isOf(upload: UnfinishedUpload, file: File): boolean {
  if (upload.name !== file.name || upload.size_bytes !== file.size) return false;
  const known = remembered(urlOf(upload));
  return known === null || known === String(file.lastModified);
}
