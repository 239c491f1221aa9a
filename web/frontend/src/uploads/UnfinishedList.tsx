import { useSyncExternalStore } from "react";

import { t } from "../i18n";
import type { Unfinished } from "./unfinished";

const SHOWN = 5;

/** As templates/gallery/unfinished.html draws it, whose place it takes. */
export function UnfinishedList({ unfinished }: { unfinished: Unfinished }) {
  const uploads = useSyncExternalStore(unfinished.subscribe, unfinished.snapshot);
  if (uploads.length === 0) return null;
  return (
    <div className="unfinished">
      <div className="unfinished-line">
        <p>
          <strong>{t.upload.unfinished(uploads.length)}.</strong> {t.upload.unfinishedHint}
        </p>
        {uploads.length > 1 && (
          <button type="button" className="button button-small" onClick={() => unfinished.discardAll()}>
            {t.upload.discardAll}
          </button>
        )}
      </div>
      <ul>
        {uploads.slice(0, SHOWN).map((upload) => (
          <li key={upload.id} className="unfinished-line">
            <span className="row-name" title={upload.name}>
              {upload.name}
            </span>
            <span className="row-size">
              {t.upload.received(upload.received_bytes, upload.size_bytes)}
            </span>
            <button
              type="button"
              className="button button-small"
              aria-label={t.upload.discardNamed(upload.name)}
              onClick={() => unfinished.discard(upload)}
            >
              {t.upload.discard}
            </button>
          </li>
        ))}
        {uploads.length > SHOWN && (
          <li className="unfinished-line">{t.upload.more(uploads.length - SHOWN)}</li>
        )}
      </ul>
    </div>
  );
}
