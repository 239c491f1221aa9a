import { useEffect, useState } from "react";

import type { Photo } from "../api";
import { PhotoTile } from "./PhotoTile";
import { statesText } from "./states";

interface Props {
  photos: readonly Photo[] | null;
  canUpload: boolean;
  onOpen: (id: string) => void;
  onDelete: (id: string) => Promise<string>;
}

export function PhotoGrid({ photos, canUpload, onOpen, onDelete }: Props) {
  return (
    <section aria-label="Photos" aria-busy={photos === null}>
      <p className="grid-summary" role="status">
        {photos && photos.length > 0 ? statesText(photos) : ""}
      </p>
      {photos?.length === 0 && <Empty canUpload={canUpload} />}
      <ul className="grid">
        {photos?.map((photo) => (
          <PhotoTile
            key={photo.id}
            photo={photo}
            canDelete={canUpload}
            onOpen={onOpen}
            onDelete={onDelete}
          />
        ))}
      </ul>
      {photos === null && <Loading />}
    </section>
  );
}

function Empty({ canUpload }: { canUpload: boolean }) {
  return (
    <div className="empty">
      <p className="empty-title">No photos yet</p>
      <p>
        {canUpload ? "Add the first ones above." : "They appear here as soon as someone adds them."}
      </p>
    </div>
  );
}

/** Only after a moment, so that a quick answer does not flash. */
function Loading() {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(setLate, 400, true);
    return () => clearTimeout(timer);
  }, []);
  return isLate ? <p className="empty">Loading the photos…</p> : null;
}
