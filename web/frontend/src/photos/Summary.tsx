import type { Counts, Photo } from "../api/types";
import { t } from "../i18n";

interface Props {
  photos: readonly Photo[];
  counts: Counts;
  isFiltered: boolean;
  hasMore: boolean;
  /** null for whoever may not arrange the photos. */
  arranging: { isOn: boolean; toggle: (isOn: boolean) => void } | null;
}

/** "12 photos, 2 not ready yet, 1 failed": what the person waiting wants to know. */
export function Summary({ photos, counts, isFiltered, hasMore, arranging }: Props) {
  const words = isFiltered ? t.grid.found(photos.length, !hasMore) : countsText(counts);
  const shown = isFiltered ? photos.length > 0 : counts.total > 0;
  return (
    <div className="grid-summary">
      <p role="status">{shown ? words : ""}</p>
      {arranging?.isOn && <p className="grid-hint">{t.arrange.hint}</p>}
      {arranging && (
        <button
          type="button"
          className="button button-small"
          aria-pressed={arranging.isOn}
          onClick={() => arranging.toggle(!arranging.isOn)}
        >
          {arranging.isOn ? t.arrange.done : t.arrange.start}
        </button>
      )}
    </div>
  );
}

function countsText({ total, unfinished, failed }: Counts): string {
  const parts = [
    t.grid.photos(total),
    unfinished > 0 && t.grid.unfinished(unfinished),
    failed > 0 && t.grid.failed(failed),
  ];
  return parts.filter(Boolean).join(", ");
}
