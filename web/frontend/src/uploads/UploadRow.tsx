import { memo } from "react";

import type { UploadResult } from "../api";
import { sizeText } from "../sizes";
import type { Upload, UploadQueue } from "./queue";
import { countResults, countsText } from "./summary";

const LABELS = { accepted: "Accepted", duplicate: "Already here", rejected: "Rejected" };

interface Props {
  upload: Upload;
  queue: UploadQueue;
}

export const UploadRow = memo(function UploadRow({ upload, queue }: Props) {
  const { file, state, message, results } = upload;
  return (
    <li className={`row row-${toneOf(upload)}`} data-name={file.name}>
      <div className="row-line">
        <span className="row-name" title={file.name}>
          {file.name}
        </span>
        <span className="row-size">{sizeText(file.size)}</span>
        <span className="row-state">{stateText(upload)}</span>
        {upload.canRetry && (
          <button
            type="button"
            className="button button-small"
            aria-label={`Retry ${file.name}`}
            onClick={() => queue.retry(upload.id)}
          >
            Retry
          </button>
        )}
      </div>
      {(state === "queued" || state === "sending" || state === "checking") && (
        <Progress upload={upload} />
      )}
      {message && <p className="row-message">{message}</p>}
      <Results results={results} isZip={isZip(upload)} />
    </li>
  );
});

/** Without a value the bar moves by itself: the site is looking at the file. */
function Progress({ upload }: { upload: Upload }) {
  const { file, sentBytes, state } = upload;
  const value = state === "checking" ? undefined : sentBytes;
  return (
    <progress aria-label={`Upload of ${file.name}`} max={Math.max(file.size, 1)} value={value} />
  );
}

function Results({ results, isZip }: { results: readonly UploadResult[]; isZip: boolean }) {
  if (!isZip) {
    const text = results.map(noteOf).filter(Boolean).join(" ");
    return text ? <p className="row-message">{text}</p> : null;
  }
  const shown = results.filter((result) => result.status !== "accepted" || result.photo?.notice);
  if (shown.length === 0) return null;
  return (
    <ul className="row-results">
      {shown.map((result, index) => (
        <li key={index} className={`result result-${result.status}`}>
          <span className="result-name">{result.name}</span>
          <span className="row-message">{noteOf(result) || LABELS[result.status]}</span>
        </li>
      ))}
    </ul>
  );
}

/** That all went well needs no sentence: the label says it, and the grid shows it. */
function noteOf({ status, message, photo }: UploadResult): string {
  return status === "accepted" ? (photo?.notice ?? "") : message;
}

function isZip({ results, file }: Upload): boolean {
  return (
    results.length > 1 ||
    results.some((result) => result.name !== file.name && /\.zip$/i.test(file.name))
  );
}

function stateText(upload: Upload): string {
  const { state, results, file, sentBytes } = upload;
  if (state === "queued") return "Queued";
  if (state === "sending") return `${Math.floor((sentBytes / Math.max(file.size, 1)) * 100)} %`;
  if (state === "checking") return "Checking";
  if (state === "failed") return "Not uploaded";
  const [only] = results;
  return only && !isZip(upload) ? LABELS[only.status] : countsText(countResults(results));
}

/** Which colour the row has. */
function toneOf({ state, results }: Upload): "busy" | "good" | "mixed" | "bad" {
  if (state === "failed") return "bad";
  if (state !== "answered") return "busy";
  const { accepted, rejected } = countResults(results);
  if (rejected === 0 && accepted > 0) return "good";
  return accepted > 0 || rejected === 0 ? "mixed" : "bad";
}
