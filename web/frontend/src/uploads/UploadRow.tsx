import { useCallback, useSyncExternalStore } from "react";

import type { UploadResult } from "../api/types";
import { Icon } from "../Icon";
import { t } from "../i18n";
import type { UploadQueue } from "./queue";
import { countsText } from "./summary";
import { isUnderWay, isZip, totalsOf, type Upload } from "./upload";

const SHOWN_RESULTS = 100;

interface Props {
  id: number;
  queue: UploadQueue;
  index: number;
  total: number;
  top: number;
  measure: (element: Element | null) => void;
}

export function UploadRow({ id, queue, index, total, top, measure }: Props) {
  const subscribe = useCallback((listener: () => void) => queue.subscribeTo(id, listener), [queue, id]);
  const upload = useSyncExternalStore(subscribe, () => queue.get(id));
  const { name, message, results } = upload;
  return (
    <li
      ref={measure}
      className={`row row-${toneOf(upload)}`}
      style={{ transform: `translateY(${top}px)` }}
      data-index={index}
      data-name={name}
      aria-setsize={total}
      aria-posinset={index + 1}
    >
      <div className="row-line">
        <span className="row-name" title={name}>
          {name}
        </span>
        <span className="row-size">{t.size(upload.sizeBytes)}</span>
        <span className="row-state">{stateText(upload)}</span>
        <RowButtons upload={upload} queue={queue} />
      </div>
      {isUnderWay(upload) && <Progress upload={upload} />}
      {message && <p className="row-message">{message}</p>}
      <Results results={results} isMany={isZip(upload)} />
    </li>
  );
}

function RowButtons({ upload, queue }: { upload: Upload; queue: UploadQueue }) {
  const { id, name, canRetry } = upload;
  return (
    <>
      {canRetry && (
        <button
          type="button"
          className="button button-small"
          aria-label={t.upload.retryNamed(name)}
          onClick={() => queue.retry(id)}
        >
          {t.retry}
        </button>
      )}
      {isUnderWay(upload) && (
        <button
          type="button"
          className="row-cancel"
          aria-label={t.upload.cancelNamed(name)}
          title={t.cancel}
          onClick={() => queue.cancel(id)}
        >
          <Icon name="close" />
        </button>
      )}
    </>
  );
}

/** Without a value the bar moves by itself: the site is looking at the file. */
function Progress({ upload }: { upload: Upload }) {
  const { name, sizeBytes, sentBytes, state } = upload;
  const value = state === "checking" || state === "unpacking" ? undefined : sentBytes;
  return <progress aria-label={t.upload.progress(name)} max={Math.max(sizeBytes, 1)} value={value} />;
}

function Results({ results, isMany }: { results: readonly UploadResult[]; isMany: boolean }) {
  if (!isMany) {
    const text = results.map(noteOf).filter(Boolean).join(" ");
    return text ? <p className="row-message">{text}</p> : null;
  }
  const telling = results.filter((one) => one.status !== "accepted" || one.photo?.notice);
  if (telling.length === 0) return null;
  return (
    <ul className="row-results">
      {telling.slice(0, SHOWN_RESULTS).map((result, index) => (
        <li key={index} className={`result result-${result.status}`}>
          {/* Of a zip as a whole: its row has the name already. */}
          {result.status !== "passed_over" && <span className="result-name">{result.name}</span>}
          <span className="row-message">{noteOf(result) || t.upload[result.status]}</span>
        </li>
      ))}
      {telling.length > SHOWN_RESULTS && <li>{t.upload.more(telling.length - SHOWN_RESULTS)}</li>}
    </ul>
  );
}

/** That all went well needs no sentence: the label says it, and the grid shows it. */
function noteOf({ status, message, photo }: UploadResult): string {
  return status === "accepted" ? (photo?.notice ?? "") : message;
}

function stateText(upload: Upload): string {
  const { state, results, sizeBytes, sentBytes } = upload;
  if (state === "queued") return t.upload.queued;
  if (state === "sending") return t.upload.percent(Math.floor((sentBytes / Math.max(sizeBytes, 1)) * 100));
  if (state === "paused") return t.upload.paused;
  if (state === "checking") return t.upload.checking;
  if (state === "cancelled") return t.upload.cancelled;
  if (state === "failed") return t.upload.failed;
  if (state === "unpacking") return results.length > 0 ? countsText(totalsOf(upload)) : t.upload.unpacking;
  const [only] = results;
  return only && !isZip(upload) ? t.upload[only.status] : countsText(totalsOf(upload));
}

/** Which colour the row has. */
function toneOf(upload: Upload): "busy" | "good" | "mixed" | "bad" {
  const { accepted, rejected } = totalsOf(upload);
  if (upload.state === "failed") return "bad";
  if (upload.state !== "answered") return "busy";
  if (rejected === 0 && accepted > 0) return "good";
  return accepted > 0 || rejected === 0 ? "mixed" : "bad";
}
