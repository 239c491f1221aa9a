import { csrfToken } from "../api";
import type { Reply, Send } from "./queue";

/** Sends by XMLHttpRequest, which unlike fetch reports how far an upload has come. */
export function sendTo(url: string): Send {
  return (file, onSent) =>
    new Promise<Reply>((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", url);
      request.responseType = "text";
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("X-CSRFToken", csrfToken());
      request.upload.onprogress = (event) => onSent(fileBytes(event, file.size));
      request.upload.onload = () => onSent(file.size);
      request.onload = () =>
        resolve({ kind: "answer", status: request.status, body: parse(request.responseText) });
      request.onerror = () => resolve({ kind: "silence" });
      request.onabort = () => resolve({ kind: "silence" });
      request.ontimeout = () => resolve({ kind: "silence" });
      const form = new FormData();
      form.append("files", file);
      request.send(form);
    });
}

/** The form around the file counts as well: scale it away, and stay below the whole. */
function fileBytes(event: ProgressEvent, size: number): number {
  if (!event.lengthComputable || event.total === 0) return 0;
  return Math.min((event.loaded / event.total) * size, Math.max(size - 1, 0));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a proxy's page: the status says what there is to say
  }
}
