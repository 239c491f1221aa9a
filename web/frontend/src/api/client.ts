/** Every request of the pages to the site's API goes through here. */

import type {
  Changes,
  Download,
  Photo,
  PhotoChange,
  PhotoPage,
  Problem,
  Upload,
} from "./types";

/** The site answered, but not with what was asked for. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | null,
  ) {
    super(problem?.detail ?? "");
  }

  get code(): string {
    return this.problem?.code ?? "";
  }
}

/** All of these raise Refused for an answer, TypeError where there was none. */
export const loadPhotos = (url: string) => ask<PhotoPage>("GET", url);

export function loadChanges(slug: string, since: string | null): Promise<Changes> {
  const query = since === null ? "" : `?since=${encodeURIComponent(since)}`;
  return ask("GET", `/api/galleries/${slug}/changes/${query}`);
}

export const loadPhoto = (id: string) => ask<Photo>("GET", `/api/photos/${id}/`);

export const changePhoto = (id: string, change: PhotoChange) =>
  ask<Photo>("PATCH", `/api/photos/${id}/`, change);

/** A photo that is gone already is fine. */
export async function deletePhoto(id: string): Promise<void> {
  await ask("DELETE", `/api/photos/${id}/`).catch(unlessGone);
}

export const chooseCover = (slug: string, id: string) =>
  ask("PATCH", `/api/galleries/${slug}/`, { cover_id: id });

export const uploadsUrl = (slug: string) => `/api/galleries/${slug}/uploads/`;

export const loadUpload = (url: string) => ask<Upload>("GET", url);

export async function cancelUpload(url: string): Promise<void> {
  await ask("DELETE", url).catch(unlessGone);
}

export const requestDownload = (slug: string) =>
  ask<Download>("POST", `/api/galleries/${slug}/downloads/`);

export const loadDownload = (id: string) => ask<Download>("GET", `/api/downloads/${id}/`);

async function ask<Answer>(method: string, url: string, body?: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: headers(method, body),
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Refused(response.status, await problemIn(response));
  return response.status === 204 ? (undefined as Answer) : response.json();
}

function headers(method: string, body: unknown): Record<string, string> {
  return {
    Accept: "application/json",
    ...(method === "GET" ? {} : { "X-CSRFToken": csrfToken() }),
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
  };
}

/** From the cookie, or from the page where the cookie is kept from scripts. */
export function csrfToken(): string {
  const cookie = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  const field = document.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]");
  return cookie ?? field?.value ?? "";
}

async function problemIn(response: Response): Promise<Problem | null> {
  try {
    return readProblem(await response.json());
  } catch {
    return null; // not JSON: a proxy's page, which says nothing to a visitor
  }
}

/** What an answer's body says of the failure; null for a body of another kind. */
export function readProblem(body: unknown): Problem | null {
  const { detail, code, errors } = (body ?? {}) as Partial<Problem>;
  if (typeof detail !== "string") return null;
  const first = errors?.length === 1 ? errors[0]!.detail : detail;
  return { ...(body as Problem), detail: first, code: typeof code === "string" ? code : "" };
}

function unlessGone(error: unknown): void {
  if (!(error instanceof Refused && error.status === 404)) throw error;
}
