import { useEffect, useRef, useState, type KeyboardEvent, type MouseEvent } from "react";

import { Refused } from "../api/client";
import { troubleOf } from "../api/troubles";
import type { Photo } from "../api/types";
import { Icon } from "../Icon";
import { t } from "../i18n";
import { LightboxBar } from "./LightboxBar";
import { PhotoFacts, type PhotoEditing } from "./PhotoFacts";
import { sizeWithin } from "./shapes";
import { useSwipe } from "./useSwipe";

const PREVIEW_PX = 1600;
const LOAD_AHEAD = 10;

interface Props extends PhotoEditing {
  photos: readonly Photo[];
  /** Of the whole gallery while it is not loaded whole; else null. */
  total: number | null;
  openId: string;
  find: (id: string) => Promise<Photo>;
  timeZone: string;
  onMove: (id: string) => void;
  onClose: () => void;
  onMore: () => void;
}

export function Lightbox(props: Props) {
  const { photos, openId, total, onMove, onClose, onMore } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const ready = photos.filter((one) => one.state === "ready");
  const index = ready.findIndex((one) => one.id === openId);
  const { photo, trouble } = useOpened(props, ready[index]);
  const before = ready[index - 1];
  const after = index === -1 ? undefined : ready[index + 1];

  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    element?.focus(); // not its first link: the keys work from here, and it is read aloud
    return () => element?.close();
  }, []);
  useEffect(() => preload(after, before), [before, after]);
  useEffect(() => {
    if (index === -1 || index > ready.length - LOAD_AHEAD) onMore();
  }, [index, ready.length, onMore]);

  const move = (target: Photo | undefined) => target && onMove(target.id);
  const onKeyDown = (event: KeyboardEvent) => {
    if ((event.target as Element).closest("input, textarea")) return;
    if (event.key === "ArrowLeft") move(before);
    if (event.key === "ArrowRight") move(after);
    if (event.key === "Home") move(ready[0]);
    if (event.key === "End") move(ready.at(-1));
  };
  const onClick = (event: MouseEvent) => {
    if ((event.target as Element).closest(".lightbox-stage, .lightbox-bar") === null) return;
    if (!(event.target as Element).closest("img, button, a, .lightbox-name")) onClose();
  };
  const swipe = useSwipe({ onLeft: () => move(after), onRight: () => move(before) });
  const position = index === -1 ? "" : t.lightbox.position(index + 1, total ?? ready.length);

  return (
    <dialog
      ref={dialog}
      className="lightbox"
      tabIndex={-1}
      aria-label={photo?.caption || photo?.name || t.grid.loading}
      onClose={onClose}
      onKeyDown={onKeyDown}
      onClick={onClick}
    >
      <LightboxBar photo={photo} position={position} onClose={onClose} />
      <div className="lightbox-stage" {...swipe}>
        {photo ? <Picture key={photo.id} photo={photo} /> : <p role="alert">{trouble}</p>}
        <Step side="previous" target={before} onMove={onMove} />
        <Step side="next" target={after} onMove={onMove} />
      </div>
      {photo && (
        <PhotoFacts
          key={photo.id}
          {...props}
          photo={photo}
          onDeleted={() => (after ?? before ? move(after ?? before) : onClose())}
        />
      )}
    </dialog>
  );
}

/** The photo of the address: one of the loaded ones, or asked for by itself. */
function useOpened({ openId, find }: Props, loaded: Photo | undefined) {
  const [found, setFound] = useState<Photo | null>(null);
  const [trouble, setTrouble] = useState("");
  const isLoaded = loaded !== undefined;
  useEffect(() => {
    if (isLoaded) return;
    let isCurrent = true;
    find(openId).then(
      (photo) => isCurrent && setFound(photo),
      (error) => isCurrent && setTrouble(wordsOf(error)),
    );
    return () => {
      isCurrent = false;
    };
  }, [openId, isLoaded, find]);
  return { photo: loaded ?? (found?.id === openId ? found : undefined), trouble };
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Refused)) return t.lightbox.notLoaded;
  return [404, 410].includes(error.status) ? t.lightbox.gone : troubleOf(error).message;
}

/** The thumbnail, already here, fills the place of the preview until that has come. */
function Picture({ photo }: { photo: Photo }) {
  const { width, height } = sizeWithin(photo, PREVIEW_PX);
  const under = photo.thumbnail_url ?? photo.placeholder;
  return (
    <img
      src={photo.preview_url ?? photo.placeholder}
      alt={photo.caption || photo.name}
      width={width}
      height={height}
      style={{ backgroundImage: `url("${under}")` }}
      draggable={false}
    />
  );
}

interface StepProps {
  side: "previous" | "next";
  target: Photo | undefined;
  onMove: (id: string) => void;
}

function Step({ side, target, onMove }: StepProps) {
  return (
    <button
      type="button"
      className={`lightbox-button lightbox-step lightbox-${side}`}
      aria-label={side === "next" ? t.lightbox.next : t.lightbox.previous}
      disabled={!target}
      onClick={() => target && onMove(target.id)}
    >
      <Icon name={side} />
    </button>
  );
}

function preload(...photos: (Photo | undefined)[]): void {
  for (const photo of photos) {
    if (photo?.preview_url) new Image().src = photo.preview_url;
  }
}
