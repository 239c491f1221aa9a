import { useCallback, useEffect, useState, useSyncExternalStore } from "react";

import { chooseCover } from "../api/client";
import { troubleOf } from "../api/troubles";
import type { GalleryData } from "../api/types";
import { t } from "../i18n";
import { Empty } from "../photos/Empty";
import { Lightbox } from "../photos/Lightbox";
import { PhotoGrid } from "../photos/PhotoGrid";
import { Summary } from "../photos/Summary";
import { useOpenPhoto } from "../photos/useOpenPhoto";
import type { PhotoPages } from "./pages";
import { usePhotoActions } from "./usePhotoActions";

interface Props {
  data: GalleryData;
  pages: PhotoPages;
  width: number;
}

export function GalleryPage({ data, pages, width }: Props) {
  const { gallery, filters } = data;
  const isFiltered = Boolean(filters.search || filters.year);
  const { photos, next, counts } = useSyncExternalStore(pages.store.subscribe, pages.store.snapshot);
  const { isLoading, trouble } = useSyncExternalStore(pages.subscribe, pages.snapshot);
  const [isArranging, setArranging] = useState(false);
  const [focusId, setFocusId] = useState<string | null>(null);
  const actions = usePhotoActions(pages);
  const open = useOpenPhoto();
  useEffect(() => pages.watch(), [pages]);
  const loadMore = useCallback(() => void pages.loadMore(), [pages]);
  const close = useCallback(() => {
    setFocusId(open.id);
    open.close();
  }, [open]);

  const total = isFiltered ? photos.length : Math.max(counts.total, photos.length);
  const canArrange = gallery.can_edit && !isFiltered && photos.length > 1;
  return (
    <>
      <Summary
        photos={photos}
        counts={counts}
        isFiltered={isFiltered}
        hasMore={next !== null}
        arranging={canArrange ? { isOn: isArranging, toggle: setArranging } : null}
      />
      {(trouble || actions.trouble) && (
        <p className="notice notice-warning" role="alert">
          {trouble || actions.trouble}
        </p>
      )}
      {photos.length === 0 && next === null ? (
        <Empty isFiltered={isFiltered} canUpload={gallery.can_upload} />
      ) : (
        <PhotoGrid
          photos={photos}
          total={total}
          hasMore={next !== null}
          isLoading={isLoading}
          isStuck={trouble !== ""}
          width={width}
          focusId={focusId}
          isArranging={isArranging && canArrange}
          onMore={loadMore}
          onOpen={open.show}
          onDelete={actions.remove}
          onMove={actions.move}
        />
      )}
      {open.id && (
        <Lightbox
          photos={photos}
          total={isFiltered || next === null ? null : counts.total}
          openId={open.id}
          find={actions.find}
          canChooseCover={gallery.can_edit}
          showsLocations={gallery.shows_locations}
          timeZone={data.time_zone}
          onMove={open.move}
          onClose={close}
          onMore={loadMore}
          onCaption={actions.changeCaption}
          onDelete={actions.remove}
          onCover={(id) => chooseCover(gallery.slug, id).then(() => "", wordsOf)}
        />
      )}
    </>
  );
}

function wordsOf(error: unknown): string {
  return t.lightbox.notChanged(troubleOf(error).message);
}
