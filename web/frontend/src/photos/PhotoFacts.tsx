import { useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";

import type { Photo } from "../api/types";
import { Icon } from "../Icon";
import { t } from "../i18n";

const CAPTION_LENGTH = 500;

/** Each resolves to what went wrong, or to "". */
export interface PhotoEditing {
  canChooseCover: boolean;
  /** Of the gallery: whoever sees it may get originals that say where they were taken. */
  showsLocations: boolean;
  onCaption: (id: string, caption: string) => Promise<string>;
  onDelete: (id: string) => Promise<string>;
  onCover: (id: string) => Promise<string>;
}

interface Props extends PhotoEditing {
  photo: Photo;
  timeZone: string;
  onDeleted: () => void;
}

type Mode = "reading" | "caption" | "deleting";

/** Below the photo: its caption, where it comes from, and what may be done to it. */
export function PhotoFacts(props: Props) {
  const { photo, canChooseCover, onCover, onDelete, onDeleted } = props;
  const [mode, setMode] = useState<Mode>("reading");
  const [said, setSaid] = useState("");
  const [isBusy, setBusy] = useState(false);

  async function run(action: Promise<string>, done: () => void): Promise<void> {
    setBusy(true);
    const trouble = await action;
    setBusy(false);
    setSaid(trouble);
    if (!trouble) done();
  }

  const read = () => setMode("reading");
  return (
    <div className="lightbox-foot">
      {mode === "caption" ? (
        <CaptionForm
          photo={photo}
          isBusy={isBusy}
          onCancel={read}
          onSave={(caption) => void run(props.onCaption(photo.id, caption), read)}
        />
      ) : (
        <>
          {photo.caption && <p className="lightbox-caption">{photo.caption}</p>}
          <Facts photo={photo} timeZone={props.timeZone} showsLocations={props.showsLocations} />
        </>
      )}
      {mode === "reading" && (
        <div className="lightbox-actions">
          {photo.can_edit && (
            <Action icon="edit" onClick={() => setMode("caption")}>
              {photo.caption ? t.lightbox.editCaption : t.lightbox.addCaption}
            </Action>
          )}
          {canChooseCover && (
            <Action
              icon="star"
              isBusy={isBusy}
              onClick={() => void run(onCover(photo.id), () => setSaid(t.lightbox.coverSet))}
            >
              {t.lightbox.cover}
            </Action>
          )}
          {photo.can_edit && (
            <Action icon="trash" onClick={() => setMode("deleting")}>
              {t.delete}
            </Action>
          )}
        </div>
      )}
      {mode === "deleting" && (
        <div className="lightbox-actions" role="group" aria-label={t.lightbox.confirmDelete}>
          <p>{t.lightbox.confirmDelete}</p>
          <Action isBusy={isBusy} onClick={() => void run(onDelete(photo.id), onDeleted)}>
            {isBusy ? t.deleting : t.delete}
          </Action>
          <Action isFirst onClick={read}>
            {t.lightbox.keep}
          </Action>
        </div>
      )}
      <p className="lightbox-said" role="status">
        {said}
      </p>
    </div>
  );
}

type FactsProps = Pick<Props, "photo" | "timeZone" | "showsLocations">;

function Facts({ photo, timeZone, showsLocations }: FactsProps) {
  const { taken_at, camera, width, height, size_bytes } = photo;
  return (
    <ul className="lightbox-facts" aria-label={t.lightbox.facts}>
      {taken_at && (
        <li>
          <time dateTime={taken_at}>{t.day(taken_at, timeZone)}</time>
        </li>
      )}
      {camera && <li>{camera}</li>}
      <li>{t.lightbox.pixels(width, height)}</li>
      <li>{t.size(size_bytes)}</li>
      {photo.can_edit && photo.notice && <li className="lightbox-note">{photo.notice}</li>}
      {photo.can_edit && photo.has_location && (
        <li className="lightbox-note">
          {showsLocations ? t.lightbox.locationShown : t.lightbox.locationHidden}
        </li>
      )}
    </ul>
  );
}

interface CaptionProps {
  photo: Photo;
  isBusy: boolean;
  onSave: (caption: string) => void;
  onCancel: () => void;
}

function CaptionForm({ photo, isBusy, onSave, onCancel }: CaptionProps) {
  const [caption, setCaption] = useState(photo.caption);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave(caption.trim());
  };
  return (
    <form
      className="lightbox-form"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault(); // leaves the field, not the photo
        onCancel();
      }}
    >
      <input
        ref={field}
        value={caption}
        maxLength={CAPTION_LENGTH}
        aria-label={t.lightbox.caption}
        onChange={(event) => setCaption(event.target.value)}
      />
      <button type="submit" className="lightbox-button" disabled={isBusy}>
        {t.save}
      </button>
      <button type="button" className="lightbox-button" onClick={onCancel}>
        {t.cancel}
      </button>
    </form>
  );
}

interface ActionProps {
  icon?: "edit" | "star" | "trash";
  isBusy?: boolean;
  isFirst?: boolean;
  onClick: () => void;
  children: ReactNode;
}

function Action({ icon, isBusy, isFirst, onClick, children }: ActionProps) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isFirst) button.current?.focus();
  }, [isFirst]);
  return (
    <button
      ref={button}
      type="button"
      className="lightbox-button lightbox-action"
      disabled={isBusy}
      onClick={onClick}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}
