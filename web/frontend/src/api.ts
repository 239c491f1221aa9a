/** The site's answers, as /api/galleries/SLUG/photos/ gives them. */

export type PhotoState = "waiting" | "working" | "ready" | "failed";

export interface Photo {
  id: string;
  name: string;
  state: PhotoState;
  error: string;
  notice: string;
  width: number | null;
  height: number | null;
  thumbnail_url: string | null;
  preview_url: string | null;
  original_url: string | null;
  uploaded_at: string;
}

export interface PhotoList {
  photos: Photo[];
  unfinished: number;
}

export interface UploadResult {
  name: string;
  status: "accepted" | "duplicate" | "rejected";
  code: string;
  message: string;
  photo: Photo | null;
}

/** The site answered, but not with what was asked for. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

/** Raises Refused for an answer, TypeError where there was none. */
export async function loadPhotos(url: string): Promise<PhotoList> {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Refused(response.status, await detailOf(response));
  return response.json();
}

/** Raises Refused for an answer, TypeError where there was none. A photo that is gone is fine. */
export async function deletePhoto(id: string): Promise<void> {
  const response = await fetch(`/api/photos/${id}/`, {
    method: "DELETE",
    headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
  });
  if (!response.ok && response.status !== 404) {
    throw new Refused(response.status, await detailOf(response));
  }
}

/** From the cookie, or from the page where the cookie is kept from scripts. */
export function csrfToken(): string {
  const cookie = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  const field = document.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]");
  return cookie ?? field?.value ?? "";
}

async function detailOf(response: Response): Promise<string> {
  try {
    return String((await response.json()).detail ?? "");
  } catch {
    return ""; // not JSON: a proxy's page, which says nothing to a visitor
  }
}
