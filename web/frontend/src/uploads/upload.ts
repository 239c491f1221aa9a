/** One file on its way to the site, and what a list of them adds up to. */

import type { UploadResult } from "../api/types";

export type UploadState =
  | "queued"
  | "sending"
  | "paused" // goes on by itself
  | "checking" // all bytes are there, the site looks at them
  | "unpacking" // a zip, photo by photo
  | "answered" // see `results`
  | "failed"
  | "cancelled";

export interface Upload {
  id: number;
  /** null: sent before the page was loaded, and still being unpacked. */
  file: File | null;
  name: string;
  sizeBytes: number;
  state: UploadState;
  sentBytes: number;
  results: readonly UploadResult[];
  message: string;
  canRetry: boolean;
  /** Its address on the site, once it has one. */
  url: string | null;
}

export interface Totals {
  files: number;
  underWay: number;
  failed: number;
  canRetry: number;
  accepted: number;
  duplicate: number;
  rejected: number;
  /** Zips that held more than photos. */
  passed_over: number;
  /** Photos that say where they were taken. */
  located: number;
}

export const NOTHING: Totals = {
  files: 0,
  underWay: 0,
  failed: 0,
  canRetry: 0,
  accepted: 0,
  duplicate: 0,
  rejected: 0,
  passed_over: 0,
  located: 0,
};

const UNDER_WAY = new Set<UploadState>(["queued", "sending", "paused", "checking", "unpacking"]);

export function isUnderWay({ state }: Upload): boolean {
  return UNDER_WAY.has(state);
}

export function isSettled(upload: Upload): boolean {
  return !isUnderWay(upload) && !upload.canRetry;
}

export function isZip({ name }: { name: string }): boolean {
  return /\.zip$/i.test(name);
}

export function totalsOf(upload: Upload): Totals {
  const totals = {
    ...NOTHING,
    files: 1,
    underWay: Number(isUnderWay(upload)),
    failed: Number(upload.state === "failed"),
    canRetry: Number(upload.canRetry),
  };
  for (const { status, photo } of upload.results) {
    totals[status] += 1;
    if (status === "accepted" && photo?.has_location) totals.located += 1;
  }
  return totals;
}

/** `totals` with one upload's part taken out, or put in. */
export function sum(totals: Totals, part: Totals, sign: 1 | -1): Totals {
  const result = { ...totals };
  for (const key of Object.keys(result) as (keyof Totals)[]) result[key] += sign * part[key];
  return result;
}

export function sameTotals(one: Totals, other: Totals): boolean {
  return (Object.keys(one) as (keyof Totals)[]).every((key) => one[key] === other[key]);
}
