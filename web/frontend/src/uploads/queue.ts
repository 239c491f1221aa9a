/** Files on their way to the site: a few at a time, each from where it stopped. */

import type { UploadResult } from "../api/types";
import { t } from "../i18n";
import { MB } from "../i18n/words";
import { isSettled, isZip, NOTHING, sameTotals, sum, totalsOf, type Totals, type Upload } from "./upload";

/** How the sending of one file goes; each may be called many times but the last three. */
export interface Hearing {
  onUrl: (url: string) => void;
  onSent: (bytes: number) => void;
  /** It goes on by itself. */
  onPause: (message: string) => void;
  onReceived: () => void;
  onResults: (results: readonly UploadResult[], isLast: boolean) => void;
  onFailure: (message: string, canRetry: boolean) => void;
}

/** Begins, or goes on where `url` is known. */
export type Send = (upload: Upload, hearing: Hearing) => { cancel: () => void };

interface Options {
  send: Send;
  photoMb: number;
  zipMb: number;
  onAccepted: () => void;
  /** The address under which the same file was begun before. */
  urlOf?: (file: File) => string | null;
  parallel?: number;
}

/** Each change costs the same, however many files there are. */
export class UploadQueue {
  private ids: readonly number[] = [];
  private readonly byId = new Map<number, Upload>();
  private totals: Totals = NOTHING;
  private waiting: number[] = [];
  private readonly sendings = new Map<number, { cancel: () => void }>();
  private readonly holding = new Set<number>(); // of one of the parallel places
  private lastId = 0;
  private readonly listeners = new Set<() => void>();
  private readonly listenersOf = new Map<number, () => void>();

  constructor(private readonly options: Options) {}

  /** For React's useSyncExternalStore: the list, and what it adds up to. */
  list = (): readonly number[] => this.ids;
  sums = (): Totals => this.totals;
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  get(id: number): Upload {
    return this.byId.get(id)!;
  }

  /** One row listens to its own upload. */
  subscribeTo(id: number, listener: () => void): () => void {
    this.listenersOf.set(id, listener);
    return () => this.listenersOf.delete(id);
  }

  /** Would leaving the page break something off? */
  isSending(): boolean {
    return this.holding.size > 0;
  }

  add(files: Iterable<File>): void {
    const uploads = [...files].map((file) => this.made({ file, name: file.name, sizeBytes: file.size }));
    this.append(uploads);
    for (const { id, file, name, sizeBytes } of uploads) {
      if (sizeBytes === 0) {
        this.fail(id, t.upload.empty, false);
        continue;
      }
      const limitMb = isZip({ name }) ? this.options.zipMb : this.options.photoMb;
      if (sizeBytes > limitMb * MB) {
        this.fail(id, t.upload.tooLarge(sizeBytes, sizeBytes - limitMb * MB, limitMb), false);
        continue;
      }
      this.change(id, { url: this.options.urlOf?.(file!) ?? null });
      this.waiting.push(id);
    }
    this.startNext();
  }

  /** Lists a file that the page itself turns down. */
  refuse(file: File, message: string): void {
    const upload = this.made({ file, name: file.name, sizeBytes: file.size });
    this.append([upload]);
    this.fail(upload.id, message, false);
  }

  /** Follows a zip that was sent before this page was loaded. */
  follow(name: string, sizeBytes: number, url: string): void {
    const upload = this.made({ file: null, name, sizeBytes, url, state: "unpacking" });
    this.append([upload]);
    this.sendings.set(upload.id, this.options.send(upload, this.hearing(upload.id)));
  }

  retry(id: number): void {
    const upload = this.byId.get(id);
    if (!upload?.canRetry) return;
    this.change(id, { state: "queued", message: "", canRetry: false });
    this.waiting.push(id);
    this.startNext();
  }

  retryAll(): void {
    for (const id of this.ids) this.retry(id);
  }

  cancel(id: number): void {
    this.waiting = this.waiting.filter((other) => other !== id);
    this.sendings.get(id)?.cancel();
    this.change(id, { state: "cancelled", message: "", canRetry: false });
    this.release(id);
  }

  cancelAll(): void {
    this.waiting = [];
    for (const id of this.ids) if (totalsOf(this.get(id)).underWay) this.cancel(id);
  }

  /** Forgets what is settled; what is under way or can be retried stays. */
  clearSettled(): void {
    const gone = new Set(this.ids.filter((id) => isSettled(this.get(id))));
    for (const id of gone) {
      this.totals = sum(this.totals, totalsOf(this.get(id)), -1);
      this.byId.delete(id);
    }
    this.ids = this.ids.filter((id) => !gone.has(id));
    this.tell();
  }

  private made(facts: Pick<Upload, "file" | "name" | "sizeBytes"> & Partial<Upload>): Upload {
    return {
      id: ++this.lastId,
      state: "queued",
      sentBytes: 0,
      results: [],
      message: "",
      canRetry: false,
      url: null,
      ...facts,
    };
  }

  private append(uploads: readonly Upload[]): void {
    for (const upload of uploads) {
      this.byId.set(upload.id, upload);
      this.totals = sum(this.totals, totalsOf(upload), 1);
    }
    this.ids = [...this.ids, ...uploads.map(({ id }) => id)];
    this.tell();
  }

  private startNext(): void {
    while (this.holding.size < (this.options.parallel ?? 3) && this.waiting.length > 0) {
      const id = this.waiting.shift()!;
      this.holding.add(id);
      this.change(id, { state: "sending" });
      this.sendings.set(id, this.options.send(this.get(id), this.hearing(id)));
    }
  }

  private hearing(id: number): Hearing {
    const whileAlive =
      <Heard extends unknown[]>(hear: (...heard: Heard) => void) =>
      (...heard: Heard) => {
        if (this.byId.has(id) && this.get(id).state !== "cancelled") hear(...heard);
      };
    return {
      onUrl: whileAlive((url) => this.change(id, { url })),
      onSent: whileAlive((sentBytes) => this.change(id, { state: "sending", sentBytes, message: "" })),
      onPause: whileAlive((message) => this.change(id, { state: "paused", message })),
      onReceived: whileAlive(() => this.received(id)),
      onResults: whileAlive((results, isLast) => this.take(id, results, isLast)),
      onFailure: whileAlive((message, canRetry) => this.fail(id, message, canRetry)),
    };
  }

  private received(id: number): void {
    const { name, sizeBytes } = this.get(id);
    const state = isZip({ name }) ? "unpacking" : "checking";
    this.change(id, { state, sentBytes: sizeBytes, message: "" });
    this.release(id);
  }

  private take(id: number, results: readonly UploadResult[], isLast: boolean): void {
    const all = [...this.get(id).results, ...results];
    this.change(id, isLast ? { state: "answered", results: all } : { results: all });
    if (isLast) this.sendings.delete(id);
    if (results.some(({ status }) => status === "accepted")) this.options.onAccepted();
  }

  private fail(id: number, message: string, canRetry: boolean): void {
    this.change(id, { state: "failed", message, canRetry: canRetry && this.get(id).file !== null });
    this.release(id);
  }

  private release(id: number): void {
    this.holding.delete(id);
    this.startNext();
  }

  private change(id: number, changes: Partial<Upload>): void {
    const before = this.get(id);
    const after = { ...before, ...changes };
    this.byId.set(id, after);
    this.listenersOf.get(id)?.();
    const totals = sum(sum(this.totals, totalsOf(before), -1), totalsOf(after), 1);
    if (sameTotals(totals, this.totals)) return;
    this.totals = totals;
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
