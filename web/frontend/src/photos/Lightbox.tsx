import { useEffect, useRef, type KeyboardEvent, type MouseEvent, type PointerEvent } from "react";

import type { Photo } from "../api";
import { Icon } from "../Icon";
import { sizeWithin } from "./states";

const PREVIEW_PX = 1600;
const SWIPE_PX = 50;

interface Props {
  photos: readonly Photo[];
  openId: string;
  onMove: (id: string) => void;
  onClose: () => void;
}

export function Lightbox({ photos, openId, onMove, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const index = photos.findIndex((photo) => photo.id === openId);
  const photo = photos[index];
  const before = photos[index - 1];
  const after = photos[index + 1];

  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    element?.focus(); // not its first link: the keys work from here, and it is read aloud
    return () => element?.close(); // gives the focus back to the photo's tile
  }, []);
  useEffect(() => {
    if (!photo) onClose(); // somebody deleted it meanwhile
  }, [photo, onClose]);
  useEffect(() => preload(before, after), [before, after]);

  const move = (target: Photo | undefined) => target && onMove(target.id);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowLeft") move(before);
    if (event.key === "ArrowRight") move(after);
    if (event.key === "Home") move(photos[0]);
    if (event.key === "End") move(photos.at(-1));
  };
  const onClick = (event: MouseEvent) => {
    if (!(event.target as Element).closest("img, button, a, .lightbox-name")) onClose();
  };
  const swipe = useSwipe({ onLeft: () => move(after), onRight: () => move(before) });

  if (!photo) return null;
  return (
    <dialog
      ref={dialog}
      className="lightbox"
      tabIndex={-1}
      aria-label={photo.name}
      onClose={onClose}
      onKeyDown={onKeyDown}
      onClick={onClick}
      {...swipe}
    >
      <Picture key={photo.id} photo={photo} />
      <Bar photo={photo} position={`${index + 1} of ${photos.length}`} onClose={onClose} />
      <Step side="previous" target={before} onMove={onMove} />
      <Step side="next" target={after} onMove={onMove} />
    </dialog>
  );
}

/** The thumbnail, already here, fills the place of the preview until that has come. */
function Picture({ photo }: { photo: Photo }) {
  const { width, height } = sizeWithin(photo, PREVIEW_PX);
  const style = { backgroundImage: `url("${photo.thumbnail_url ?? ""}")` };
  return (
    <div className="lightbox-stage">
      <img
        src={photo.preview_url ?? ""}
        alt={photo.name}
        width={width}
        height={height}
        style={style}
        draggable={false}
      />
    </div>
  );
}

interface BarProps {
  photo: Photo;
  position: string;
  onClose: () => void;
}

function Bar({ photo, position, onClose }: BarProps) {
  return (
    <div className="lightbox-bar">
      <span className="lightbox-name" title={photo.name}>
        {photo.name}
      </span>
      <span className="lightbox-position" role="status">
        {position}
      </span>
      {photo.original_url && (
        <a className="lightbox-button" href={photo.original_url} target="_blank" rel="noopener">
          Original
        </a>
      )}
      <button type="button" className="lightbox-button" aria-label="Close" onClick={onClose}>
        <Icon name="close" />
      </button>
    </div>
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
      aria-label={side === "next" ? "Next photo" : "Previous photo"}
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

function useSwipe({ onLeft, onRight }: { onLeft: () => void; onRight: () => void }) {
  const startX = useRef<number | null>(null);
  return {
    onPointerDown: (event: PointerEvent) => {
      startX.current = event.pointerType === "touch" ? event.clientX : null;
    },
    onPointerUp: (event: PointerEvent) => {
      const distance = startX.current === null ? 0 : event.clientX - startX.current;
      startX.current = null;
      if (distance < -SWIPE_PX) onLeft();
      if (distance > SWIPE_PX) onRight();
    },
  };
}
