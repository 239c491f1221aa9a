/** The lines that stand for many files: a zip's, or a batch's. */

import { t } from "../i18n";
import type { Totals } from "./upload";

/** "3 accepted, 1 rejected": of a zip. */
export function countsText(totals: Totals): string {
  return parts(totals).join(", ") || t.upload.noPhoto;
}

/** "3 of 5 files done. 2 accepted, 1 rejected." */
export function batchText(totals: Totals): string {
  const done = t.upload.done(totals.files - totals.underWay, totals.files);
  const failed = totals.failed > 0 ? [t.upload.failedCount(totals.failed)] : [];
  const all = [...parts(totals), ...failed];
  return all.length > 0 ? `${done} ${all.join(", ")}.` : done;
}

function parts({ accepted, duplicate, rejected }: Totals): string[] {
  return [
    accepted > 0 && t.upload.acceptedCount(accepted),
    duplicate > 0 && t.upload.duplicateCount(duplicate),
    rejected > 0 && t.upload.rejectedCount(rejected),
  ].filter((part) => part !== false);
}
