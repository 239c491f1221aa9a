import { useEffect, useState, useSyncExternalStore } from "react";

import { isUnderWay, UploadQueue, type Upload } from "./queue";
import { sendTo } from "./send";

export interface Uploads {
  uploads: readonly Upload[];
  queue: UploadQueue;
}

interface Options {
  url: string;
  limitMb: number;
  onAccepted: () => void;
}

export function useUploads({ url, limitMb, onAccepted }: Options): Uploads {
  const [queue] = useState(() => new UploadQueue({ send: sendTo(url), limitMb, onAccepted }));
  const uploads = useSyncExternalStore(queue.subscribe, queue.snapshot);
  const isBusy = uploads.some(isUnderWay);

  useEffect(() => {
    if (!isBusy) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isBusy]);

  return { uploads, queue };
}
