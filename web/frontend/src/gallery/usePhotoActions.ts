import { useMemo, useState } from "react";

import { changePhoto, deletePhoto } from "../api/client";
import { troubleOf } from "../api/troubles";
import type { PhotoChange } from "../api/types";
import { t } from "../i18n";
import type { PhotoPages } from "./pages";

/** What can be done to a photo. Each resolves to what went wrong, or to "". */
export function usePhotoActions(pages: PhotoPages) {
  const [trouble, setTrouble] = useState("");
  const actions = useMemo(() => {
    const { store } = pages;
    let lastMove: Promise<unknown> = Promise.resolve();

    async function change(id: string, changes: PhotoChange): Promise<void> {
      store.replace(await pages.edit(() => changePhoto(id, changes)));
    }

    async function remove(id: string): Promise<string> {
      try {
        await pages.edit(() => deletePhoto(id));
      } catch (error) {
        return t.lightbox.notDeleted(troubleOf(error).message);
      }
      store.remove(id);
      return "";
    }

    async function changeCaption(id: string, caption: string): Promise<string> {
      try {
        await change(id, { caption });
      } catch (error) {
        return t.lightbox.notChanged(troubleOf(error).message);
      }
      return "";
    }

    /** Moved at once, told in turn; back where it was when the site says no. */
    async function move(id: string, afterId: string | null): Promise<void> {
      const { photos } = store.snapshot();
      const index = photos.findIndex((photo) => photo.id === id);
      const before = photos[index - 1]?.id ?? null;
      store.move(id, afterId);
      setTrouble("");
      const told = lastMove.then(() => change(id, { after_id: afterId }));
      lastMove = told.catch(() => {});
      try {
        await told;
      } catch (error) {
        store.move(id, before);
        setTrouble(t.arrange.failed(troubleOf(error).message));
      }
    }

    return { remove, changeCaption, move, find: (id: string) => pages.find(id) };
  }, [pages]);
  return { ...actions, trouble };
}
