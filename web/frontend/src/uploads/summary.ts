/** The lines that stand for many files: a zip's, or a batch's. */

import type { UploadResult } from "../api";
import { isUnderWay, type Upload } from "./queue";

export interface Counts {
  accepted: number;
  duplicate: number;
  rejected: number;
}

export function countResults(results: readonly UploadResult[]): Counts {
  const counts: Counts = { accepted: 0, duplicate: 0, rejected: 0 };
  for (const result of results) counts[result.status] += 1;
  return counts;
}

export function countsText({ accepted, duplicate, rejected }: Counts): string {
  const parts = [
    accepted > 0 && `${accepted} accepted`,
    duplicate > 0 && `${duplicate} already here`,
    rejected > 0 && `${rejected} rejected`,
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(", ") : "no photo in it";
}

/** "3 of 5 files sent. 2 accepted, 1 rejected." */
export function batchText(uploads: readonly Upload[]): string {
  const done = uploads.filter((upload) => !isUnderWay(upload));
  const failed = done.filter((upload) => upload.state === "failed").length;
  const counts = countResults(done.flatMap((upload) => upload.results));
  counts.rejected += failed;
  const files = uploads.length === 1 ? "file" : "files";
  const sent = `${done.length} of ${uploads.length} ${files} done.`;
  return done.length > 0 ? `${sent} ${capitalised(countsText(counts))}.` : sent;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
