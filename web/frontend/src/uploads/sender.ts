/** Sends one file by tus, waits out what passes, and asks what became of it. */

import { DetailedError, Upload as TusUpload, type HttpRequest } from "tus-js-client";

import { cancelUpload, csrfToken, loadUpload, Refused, uploadsUrl } from "../api/client";
import { troubleIn, troubleOf } from "../api/troubles";
import { t } from "../i18n";
import { forget, idIn, remember } from "./memory";
import type { Hearing, Send } from "./queue";
import type { Upload } from "./upload";

const CHUNK_BYTES = 8 * 1024 * 1024; // what nginx lets pass at once
const AGAIN_MS = [500, 1_000, 3_000, 5_000];
const PAUSE_MS = 10_000;
const ASK_MS = 1_000;
const MOST_BEGINNINGS = 3;
// Of the connection, of a proxy, of a lock that the chunk before still holds.
const PASSES = new Set([0, 408, 409, 423, 425, 500, 502, 503, 504]);
// The site has put off what it was sent, and says for how long.
const PUTS_OFF = new Set([429, 503]);
// It knows the upload no more: it is a day old, or a backup was restored.
const GONE = new Set([404, 410]);

export function sendTo(slug: string, limitMb: number): Send {
  return (upload, hearing) => new Sending(upload, hearing, slug, limitMb);
}

class Sending {
  private tus: TusUpload | null = null;
  private url: string | null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isCancelled = false;
  private known = 0; // results that were told
  private beginnings = 1;

  constructor(
    private readonly upload: Upload,
    private readonly hearing: Hearing,
    private readonly slug: string,
    private readonly limitMb: number,
  ) {
    this.url = upload.url;
    this.known = upload.results.length;
    if (upload.file === null) void this.ask();
    else this.send(upload.file);
  }

  cancel(): void {
    this.isCancelled = true;
    clearTimeout(this.timer);
    window.removeEventListener("online", this.goOn);
    void this.tus?.abort();
    if (!this.url) return;
    forget(this.url);
    cancelUpload(idIn(this.url)).catch(() => {}); // the site drops it by itself in a day
  }

  private send(file: File): void {
    this.tus = new TusUpload(file, {
      endpoint: uploadsUrl(this.slug),
      uploadUrl: this.url,
      chunkSize: CHUNK_BYTES,
      retryDelays: AGAIN_MS,
      metadata: { filename: file.name },
      storeFingerprintForResuming: false, // memory.ts does, and the site lists them
      onBeforeRequest: prepare,
      onShouldRetry: (error) => navigator.onLine && PASSES.has(statusOf(error)),
      onUploadUrlAvailable: () => this.begun(file),
      onProgress: (sent) => this.hearing.onSent(sent),
      onSuccess: () => this.received(),
      onError: (error) => this.stopped(error),
    });
    this.tus.start();
  }

  private begun(file: File): void {
    const url = this.tus?.url;
    if (!url || url === this.url) return;
    this.url = new URL(url, window.location.href).pathname; // whatever host a proxy named
    remember(this.url, file);
    this.hearing.onUrl(this.url);
  }

  private received(): void {
    if (this.url) forget(this.url);
    this.hearing.onReceived();
    void this.ask();
  }

  private stopped(error: Error | DetailedError): void {
    if (this.isCancelled) return;
    const status = statusOf(error);
    if (GONE.has(status) && this.beginAnew()) return;
    const wait = PUTS_OFF.has(status) ? secondsIn(error) * 1000 : PAUSE_MS;
    const isFull = bodyOf(error).includes('"too_many_uploads"'); // until others end: in words
    if (status === 0 || (PUTS_OFF.has(status) && !isFull)) {
      this.hearing.onPause(reasonOfPause(status));
      if (status === 0) window.addEventListener("online", this.goOn);
      this.timer = setTimeout(this.goOn, wait);
      return;
    }
    const { message, canRetry } = troubleIn(status, bodyOf(error), this.limitMb);
    this.hearing.onFailure(message, canRetry);
  }

  /** False where there is nothing to send, or it has vanished again and again. */
  private beginAnew(): boolean {
    if (!this.url || !this.upload.file || this.beginnings >= MOST_BEGINNINGS) return false;
    this.beginnings += 1;
    forget(this.url);
    this.url = null;
    this.known = 0;
    this.hearing.onPause(t.upload.anew);
    this.timer = setTimeout(this.goOn, ASK_MS);
    return true;
  }

  private readonly goOn = (): void => {
    clearTimeout(this.timer);
    window.removeEventListener("online", this.goOn);
    if (!this.isCancelled) this.send(this.upload.file!);
  };

  /** What became of it: once for a photo, again and again while a zip is unpacked. */
  private async ask(): Promise<void> {
    if (this.isCancelled) return;
    try {
      const { state, results, error } = await loadUpload(idIn(this.url!), this.known);
      this.known += results.length;
      const isLast = state === "done" || state === "failed";
      if (state === "failed" && results.length === 0) {
        this.hearing.onFailure(error || t.upload.unpackFailed, false);
        return;
      }
      if (isLast || results.length > 0) this.hearing.onResults(results, isLast);
      if (isLast) return;
    } catch (error) {
      if (error instanceof Refused && GONE.has(error.status) && this.beginAnew()) return;
      const { message, canRetry } = troubleOf(error);
      if (!canRetry) return this.hearing.onFailure(message, false);
    }
    this.timer = setTimeout(() => void this.ask(), ASK_MS);
  }
}

function prepare(request: HttpRequest): void {
  request.setHeader("Accept", "application/json");
  request.setHeader("X-CSRFToken", csrfToken());
}

function reasonOfPause(status: number): string {
  if (status === 0) return t.upload.broke;
  return status === 503 ? t.upload.away : t.upload.pausing;
}

/** 0: there was no answer. */
function statusOf(error: Error | DetailedError): number {
  return "originalResponse" in error ? (error.originalResponse?.getStatus() ?? 0) : 0;
}

function bodyOf(error: Error | DetailedError): string {
  return "originalResponse" in error ? (error.originalResponse?.getBody() ?? "") : "";
}

function secondsIn(error: Error | DetailedError): number {
  const header =
    "originalResponse" in error ? error.originalResponse?.getHeader("Retry-After") : undefined;
  return Math.min(Math.max(Number(header) || 10, 1), 120);
}
