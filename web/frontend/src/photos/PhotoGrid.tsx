import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";

import type { Photo } from "../api/types";
import { t } from "../i18n";
import { PhotoTile, type TileActions } from "./PhotoTile";
import { layRows, placesIn } from "./rows";
import { tileRatio } from "./shapes";
import { useArrange } from "./useArrange";
import { useFocusOn } from "./useFocusOn";
import { useRoom } from "./useRoom";

const OVERSCAN_ROWS = 3;
const LOAD_AHEAD_ROWS = 12;

interface Props extends TileActions {
  photos: readonly Photo[];
  /** With those that are not loaded yet. */
  total: number;
  hasMore: boolean;
  isLoading: boolean;
  /** Loading failed: it goes on when asked to. */
  isStuck: boolean;
  width: number;
  /** The photo that shall have the focus, after it was looked at. */
  focusId: string | null;
  isArranging: boolean;
  onMore: () => void;
  onMove: (id: string, afterId: string | null) => Promise<void>;
}

/** Only the rows near the window exist, however many photos there are. */
export function PhotoGrid(props: Props) {
  const { photos, total, hasMore, isLoading, isStuck, onMore } = props;
  const list = useRef<HTMLUListElement>(null);
  const { room, top } = useRoom(list, props.width);
  const ratios = useMemo(() => photos.map(tileRatio), [photos]);
  const rows = useMemo(() => layRows(ratios, room), [ratios, room]);
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: (index) => rows[index]!.height + room.gap,
    getItemKey: (index) => rows[index]!.start,
    initialRect: { width: window.innerWidth, height: window.innerHeight },
    initialOffset: () => window.scrollY,
    overscan: OVERSCAN_ROWS,
    scrollMargin: top,
  });
  useEffect(() => virtualizer.measure(), [virtualizer, rows]);
  const shown = virtualizer.getVirtualItems().flatMap(({ index }) => rows[index] ?? []);
  const lastShown = virtualizer.getVirtualItems().at(-1)?.index ?? 0;
  const isNearEnd = hasMore && lastShown >= rows.length - LOAD_AHEAD_ROWS;
  useEffect(() => {
    if (isNearEnd && !isLoading && !isStuck) onMore();
  }, [isNearEnd, isLoading, isStuck, onMore, photos]);
  useFocusOn(props.focusId, { photos, rows, virtualizer });
  const arrange = useArrange(photos, props.onMove, props.isArranging);

  const bottom = rows.at(-1);
  const loadedHeight = bottom ? bottom.top + bottom.height : 0;
  const height = hasMore ? loadedHeight * (total / Math.max(photos.length, 1)) : loadedHeight;
  return (
    <section aria-label={t.grid.label} aria-busy={isLoading}>
      <ul ref={list} role="list" className="grid grid-placed" style={{ height }}>
        {shown.flatMap((row) =>
          placesIn(row, ratios, room.gap).map(({ index, left, width }) => (
            <PhotoTile
              key={photos[index]!.id}
              photo={photos[index]!}
              place={index + 1}
              total={total}
              left={left}
              top={row.top}
              width={width}
              height={row.height}
              arrange={arrange}
              onOpen={props.onOpen}
              onDelete={props.onDelete}
            />
          )),
        )}
      </ul>
      {hasMore && (
        <p className="grid-more" role="status">
          {isStuck ? (
            <button type="button" className="button" onClick={onMore}>
              {t.grid.loadAgain}
            </button>
          ) : (
            t.grid.loading
          )}
        </p>
      )}
      <p className="visually-hidden" role="status">
        {arrange?.said}
      </p>
    </section>
  );
}
