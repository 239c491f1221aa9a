import { memo, useState, type CSSProperties } from "react";

import type { Photo } from "../api";
import { sizeWithin, tileRatio } from "./states";

const THUMBNAIL_PX = 400;
const LABELS = { waiting: "Waiting", working: "Working", ready: "Ready", failed: "Failed" };

interface Props {
  photo: Photo;
  canDelete: boolean;
  onOpen: (id: string) => void;
  onDelete: (id: string) => Promise<string>;
}

export const PhotoTile = memo(function PhotoTile(props: Props) {
  const { photo } = props;
  const style = { "--ratio": tileRatio(photo).toFixed(4) } as CSSProperties;
  return (
    <li className={`tile tile-${photo.state}`} style={style} data-state={photo.state}>
      {photo.state === "ready" && <ReadyTile {...props} />}
      {photo.state === "failed" && <FailedTile {...props} />}
      {(photo.state === "waiting" || photo.state === "working") && <PendingTile photo={photo} />}
    </li>
  );
}, haveSameLook);

/** Each poll brings new objects: compare what is in them. */
function haveSameLook(before: Props, after: Props): boolean {
  return (
    before.onOpen === after.onOpen &&
    before.onDelete === after.onDelete &&
    before.canDelete === after.canDelete &&
    JSON.stringify(before.photo) === JSON.stringify(after.photo)
  );
}

function ReadyTile({ photo, onOpen }: Props) {
  const { width, height } = sizeWithin(photo, THUMBNAIL_PX);
  return (
    <button type="button" className="tile-open" onClick={() => onOpen(photo.id)}>
      <img
        src={photo.thumbnail_url ?? ""}
        alt={photo.name}
        width={width}
        height={height}
        loading="lazy"
        decoding="async"
      />
      {photo.notice && (
        <span className="tile-note" title={photo.notice}>
          {photo.notice}
        </span>
      )}
    </button>
  );
}

function PendingTile({ photo }: { photo: Photo }) {
  return (
    <div className="tile-text">
      <span className={`badge badge-${photo.state}`}>{LABELS[photo.state]}</span>
      <span className="tile-name">{photo.name}</span>
    </div>
  );
}

function FailedTile({ photo, canDelete, onDelete }: Props) {
  const [isDeleting, setDeleting] = useState(false);
  const [trouble, setTrouble] = useState("");

  async function remove() {
    setDeleting(true);
    setTrouble(await onDelete(photo.id));
    setDeleting(false);
  }

  return (
    <div className="tile-text">
      <span className="badge badge-failed">{LABELS.failed}</span>
      <span className="tile-name">{photo.name}</span>
      <span className="tile-error">{trouble || photo.error}</span>
      {canDelete && (
        <button
          type="button"
          className="button button-small"
          disabled={isDeleting}
          aria-label={`Delete ${photo.name}`}
          onClick={() => void remove()}
        >
          {isDeleting ? "Deleting…" : "Delete"}
        </button>
      )}
    </div>
  );
}
