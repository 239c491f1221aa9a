import { memo, useState, type CSSProperties, type MouseEvent } from "react";

import type { Photo } from "../api/types";
import { Icon } from "../Icon";
import { t } from "../i18n";
import { sizeWithin } from "./shapes";
import type { Arrange } from "./useArrange";

const THUMBNAIL_PX = 400;

export interface TileActions {
  onOpen: (id: string) => void;
  /** Resolves to what went wrong, or to "". */
  onDelete: (id: string) => Promise<string>;
}

interface Props extends TileActions {
  photo: Photo;
  place: number;
  total: number;
  left: number;
  top: number;
  width: number;
  height: number;
  arrange: Arrange | null;
}

export const PhotoTile = memo(function PhotoTile(props: Props) {
  const { photo, place, total, left, top, width, height, arrange } = props;
  const style: CSSProperties = {
    left,
    top,
    width,
    height,
    backgroundImage: photo.placeholder && `url("${photo.placeholder}")`,
  };
  return (
    <li
      id={`p-${photo.id}`}
      className={`tile tile-${photo.state}`}
      style={style}
      data-state={photo.state}
      aria-setsize={total}
      aria-posinset={place}
      draggable={arrange ? true : undefined}
      {...arrange?.dragged(photo.id)}
    >
      {photo.state === "ready" && <ReadyTile {...props} />}
      {photo.state === "failed" && <FailedTile {...props} />}
      {(photo.state === "waiting" || photo.state === "working") && <PendingTile photo={photo} />}
      {arrange && <ArrangeButtons photo={photo} arrange={arrange} />}
    </li>
  );
});

function ReadyTile({ photo, place, onOpen }: Props) {
  const note = photo.caption || (photo.can_edit ? photo.notice : "");
  const { width, height } = sizeWithin(photo, THUMBNAIL_PX);
  const open = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // in a window of its own
    event.preventDefault();
    onOpen(photo.id);
  };
  return (
    <a className="tile-open" href={photo.preview_url ?? undefined} draggable={false} onClick={open}>
      <img
        src={photo.thumbnail_url ?? undefined}
        alt={photo.caption || photo.name}
        width={width}
        height={height}
        loading={place > 12 ? "lazy" : undefined}
        draggable={false}
      />
      {note && (
        <span className="tile-note" aria-hidden={photo.caption !== ""}>
          {note}
        </span>
      )}
    </a>
  );
}

function PendingTile({ photo }: { photo: Photo }) {
  return (
    <div className="tile-text">
      <span className={`badge badge-${photo.state}`}>{t.states[photo.state]}</span>
      <span className="tile-name">{photo.name}</span>
    </div>
  );
}

/** What went wrong, and what to do, is for whoever can do it. */
function FailedTile({ photo, onDelete }: Props) {
  const [isDeleting, setDeleting] = useState(false);
  const [trouble, setTrouble] = useState("");

  async function remove() {
    setDeleting(true);
    setTrouble(await onDelete(photo.id));
    setDeleting(false);
  }

  return (
    <div className="tile-text" tabIndex={0}>
      <span className="badge badge-failed">{t.states.failed}</span>
      <span className="tile-name">{photo.name}</span>
      <span className="tile-error">{trouble || (photo.can_edit ? photo.error : t.tile.notShown)}</span>
      {photo.can_edit && (
        <button
          type="button"
          className="button button-small"
          disabled={isDeleting}
          aria-label={t.tile.deleteNamed(photo.name)}
          onClick={() => void remove()}
        >
          {isDeleting ? t.deleting : t.delete}
        </button>
      )}
    </div>
  );
}

function ArrangeButtons({ photo, arrange }: { photo: Photo; arrange: Arrange }) {
  const move = (by: number) => (event: MouseEvent<HTMLButtonElement>) => {
    const button = event.currentTarget;
    arrange.shift(photo.id, by);
    requestAnimationFrame(() => button.focus()); // it went elsewhere with its photo
  };
  return (
    <div className="tile-arrange">
      <button type="button" aria-label={t.arrange.first(photo.name)} onClick={move(-Infinity)}>
        <Icon name="first" />
      </button>
      <button type="button" aria-label={t.arrange.earlier(photo.name)} onClick={move(-1)}>
        <Icon name="previous" />
      </button>
      <button type="button" aria-label={t.arrange.later(photo.name)} onClick={move(1)}>
        <Icon name="next" />
      </button>
    </div>
  );
}
