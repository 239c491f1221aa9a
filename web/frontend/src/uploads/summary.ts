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

export function countsText(counts: Counts): string {
  return countParts(counts).join(", ") || "no photo in it";
}

/** "3 of 5 files sent. 2 accepted, 1 rejected." */
export function batchText(uploads: readonly Upload[]): string {
  const done = uploads.filter((upload) => !isUnderWay(upload));
  const failed = done.filter((upload) => upload.state === "failed").length;
  const counts = countResults(done.flatMap((upload) => upload.results));
  const files = uploads.length === 1 ? "file" : "files";
  const sent = `${done.length} of ${uploads.length} ${files} done.`;
  const parts = countParts(counts);
  if (failed > 0) parts.push(`${failed} not uploaded`);
  return parts.length > 0 ? `${sent} ${capitalised(parts.join(", "))}.` : sent;
}

function countParts({ accepted, duplicate, rejected }: Counts): string[] {
  return [
    accepted > 0 && `${accepted} accepted`,
    duplicate > 0 && `${duplicate} already here`,
    rejected > 0 && `${rejected} rejected`,
  ].filter((part) => part !== false);
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
