import { type ChangeEvent } from "react";

import { Icon } from "../Icon";
import { isUnderWay } from "./queue";
import { batchText } from "./summary";
import { UploadRow } from "./UploadRow";
import { useDrop } from "./useDrop";
import type { Uploads } from "./useUploads";

export function UploadPanel({ uploads, queue, limitMb }: Uploads & { limitMb: number }) {
  const isOver = useDrop(queue);

  function choose(event: ChangeEvent<HTMLInputElement>) {
    queue.add([...(event.target.files ?? [])]);
    event.target.value = ""; // so that the same file can be chosen again
  }

  return (
    <section className="upload" aria-label="Upload">
      <div className={isOver ? "drop drop-over" : "drop"}>
        <Icon name="add" />
        <div className="drop-text">
          <p className="drop-title">
            <span className="only-pointer">Drop photos or a zip here</span>
            <span className="only-touch">Add photos</span>
          </p>
          <p className="hint" id="upload-hint">
            JPEG, PNG, WebP, HEIC, AVIF, GIF, TIFF, or a zip of them. At most {limitMb} MB each.
          </p>
        </div>
        <label className="button button-primary">
          Choose files
          <input
            type="file"
            className="visually-hidden"
            multiple
            accept="image/*,.heic,.heif,.avif,.zip,application/zip"
            aria-describedby="upload-hint"
            onChange={choose}
          />
        </label>
      </div>
      {uploads.length > 0 && <UploadList uploads={uploads} queue={queue} />}
    </section>
  );
}

function UploadList({ uploads, queue }: Uploads) {
  const broken = uploads.filter((upload) => upload.canRetry).length;
  return (
    <div className="uploads">
      <div className="uploads-head">
        <p role="status">{batchText(uploads)}</p>
        {broken > 1 && (
          <button type="button" className="button button-small" onClick={() => queue.retryAll()}>
            Retry all {broken}
          </button>
        )}
        {!uploads.some(isUnderWay) && (
          <button
            type="button"
            className="button button-small"
            onClick={() => queue.clearSettled()}
          >
            Clear list
          </button>
        )}
      </div>
      <ul className="uploads-list">
        {uploads.map((upload) => (
          <UploadRow key={upload.id} upload={upload} queue={queue} />
        ))}
      </ul>
    </div>
  );
}
