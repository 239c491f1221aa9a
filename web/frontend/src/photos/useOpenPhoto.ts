import { useEffect, useMemo, useState } from "react";

const NAME = "photo";

/**
 * Which photo is looked at. It is in the page's address, so that it can be linked to, and
 * Back closes it.
 */
export function useOpenPhoto() {
  const [id, setId] = useState(idInAddress);
  useEffect(() => {
    const onBack = () => {
      history.scrollRestoration = "auto";
      setId(idInAddress());
    };
    window.addEventListener("popstate", onBack);
    return () => window.removeEventListener("popstate", onBack);
  }, []);

  return useMemo(
    () => ({
      id,
      show(photoId: string) {
        history.scrollRestoration = "manual"; // whoever comes back is led to the photo
        history.pushState({ [NAME]: true }, "", addressOf(photoId));
        setId(photoId);
      },
      move(photoId: string) {
        history.replaceState(history.state, "", addressOf(photoId));
        setId(photoId);
      },
      close() {
        setId(null);
        if (history.state?.[NAME]) history.back();
        else history.replaceState(null, "", addressOf(null));
      },
    }),
    [id],
  );
}

function idInAddress(): string | null {
  return new URLSearchParams(window.location.search).get(NAME);
}

function addressOf(id: string | null): string {
  const url = new URL(window.location.href);
  if (id === null) url.searchParams.delete(NAME);
  else url.searchParams.set(NAME, id);
  return url.pathname + url.search;
}
