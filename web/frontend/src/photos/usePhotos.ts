import { useCallback, useEffect, useRef, useState } from "react";

import { deletePhoto, loadPhotos, Refused, type Photo } from "../api";
import { troubleOf } from "../messages";
import { Poller } from "./poller";

/** The gallery's photos (null: not known yet), kept up to date without a reload. */
export function usePhotos(url: string) {
  const [photos, setPhotos] = useState<readonly Photo[] | null>(null);
  const [trouble, setTrouble] = useState("");
  // An answer that was under way during a deletion may still list the photo.
  const [deleted, setDeleted] = useState<ReadonlySet<string>>(new Set());
  const poller = useRef<Poller | null>(null);

  useEffect(() => {
    const current = new Poller({
      load: () => loadPhotos(url),
      onPhotos: (list) => {
        setPhotos(list.photos);
        setTrouble("");
      },
      onTrouble: (error, retryInMs) => setTrouble(loadTrouble(error, retryInMs)),
      isHidden: () => document.hidden,
    });
    const onVisibility = () => current.visibilityChanged();
    document.addEventListener("visibilitychange", onVisibility);
    poller.current = current;
    current.start();
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      current.stop();
    };
  }, [url]);

  const refresh = useCallback(() => poller.current?.soon(), []);

  /** Resolves to what went wrong, or to an empty text. */
  const remove = useCallback(async (id: string): Promise<string> => {
    try {
      await deletePhoto(id);
    } catch (error) {
      return deleteTrouble(error);
    }
    setDeleted((before) => new Set(before).add(id));
    poller.current?.soon();
    return "";
  }, []);

  const shown = photos && deleted.size > 0 ? photos.filter(({ id }) => !deleted.has(id)) : photos;
  return { photos: shown, trouble, refresh, remove };
}

function loadTrouble(error: unknown, retryInMs: number): string {
  const again = `Trying again in ${Math.round(retryInMs / 1000)} seconds.`;
  if (!(error instanceof Refused)) {
    return `The connection to the site is lost; the photos may have moved on. ${again}`;
  }
  const refused = troubleOf({ status: error.status, detail: error.message, limitMb: 0 });
  return `The photos' states could not be read. ${refused.message}`;
}

function deleteTrouble(error: unknown): string {
  if (!(error instanceof Refused)) return "Not deleted: the connection to the site broke.";
  const refused = troubleOf({ status: error.status, detail: error.message, limitMb: 0 });
  return `Not deleted. ${refused.message}`;
}
