/** Every request of the pages to the site's API goes through here. */

import createClient, { type Middleware } from "openapi-fetch";

import type { paths } from "./schema";
import type { Changes, Download, Photo, PhotoChange, PhotoPage, Problem, Upload } from "./types";

/** The site answered, but not with what was asked for. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | null,
  ) {
    super(problem?.detail ?? "");
  }
}

export interface PhotoQuery {
  limit?: number;
  cursor?: string;
  search?: string;
  year?: number;
}

const LARGEST_PAGE = 500;

/** All of these raise Refused for an answer, TypeError where there was none. */
export async function loadPhotos(slug: string, query: PhotoQuery): Promise<PhotoPage> {
  const params = { path: { slug }, query: { limit: LARGEST_PAGE, ...query } };
  return (await site.GET("/api/galleries/{slug}/photos/", { params })).data!;
}

export async function loadChanges(slug: string, since: string): Promise<Changes> {
  const params = { path: { slug }, query: { since } };
  return (await site.GET("/api/galleries/{slug}/changes/", { params })).data!;
}

export async function loadPhoto(id: string): Promise<Photo> {
  return (await site.GET("/api/photos/{id}/", { params: { path: { id } } })).data!;
}

export async function changePhoto(id: string, body: PhotoChange): Promise<Photo> {
  return (await site.PATCH("/api/photos/{id}/", { params: { path: { id } }, body })).data!;
}

/** A photo that is gone already is fine. */
export async function deletePhoto(id: string): Promise<void> {
  await site.DELETE("/api/photos/{id}/", { params: { path: { id } } }).catch(unlessGone);
}

export async function chooseCover(slug: string, id: string): Promise<void> {
  const params = { path: { slug } };
  await site.PATCH("/api/galleries/{slug}/", { params, body: { cover_id: id } });
}

/** Where tus begins an upload. */
export const uploadsUrl = (slug: string) => `/api/galleries/${slug}/uploads/`;

/** Without the first `since` results, which are known. */
export async function loadUpload(id: string, since: number): Promise<Upload> {
  const params = { path: { id }, query: { since } };
  return (await site.GET("/api/uploads/{id}/", { params })).data!;
}

export async function cancelUpload(id: string): Promise<void> {
  await site.DELETE("/api/uploads/{id}/", { params: { path: { id } } }).catch(unlessGone);
}

export async function requestDownload(slug: string): Promise<Download> {
  const params = { path: { slug } };
  return (await site.POST("/api/galleries/{slug}/downloads/", { params })).data!;
}

export async function loadDownload(id: string): Promise<Download> {
  return (await site.GET("/api/downloads/{id}/", { params: { path: { id } } })).data!;
}

const manners: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET") request.headers.set("X-CSRFToken", csrfToken());
  },
  async onResponse({ response }) {
    if (!response.ok) throw new Refused(response.status, await problemIn(response));
  },
};

const site = createClient<paths>({ headers: { Accept: "application/json" } });
site.use(manners);

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
