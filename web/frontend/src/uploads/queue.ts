/** Files on their way to the site: each by its own request, a few at a time. */

import type { UploadResult } from "../api";
import { brokenConnection, tooLarge, troubleOf, type Trouble } from "../messages";
import { MB } from "../sizes";

export type UploadState = "queued" | "sending" | "checking" | "answered" | "failed";

/** `checking`: all bytes are there, the site looks at them. `answered`: see `results`. */
export interface Upload {
  id: number;
  file: File;
  state: UploadState;
  sentBytes: number;
  results: UploadResult[];
  message: string;
  canRetry: boolean;
}

export type Reply = { kind: "answer"; status: number; body: unknown } | { kind: "silence" };

export type Send = (file: File, onSent: (bytes: number) => void) => Promise<Reply>;

interface Options {
  send: Send;
  limitMb: number;
  onAccepted: () => void;
  parallel?: number;
}

export class UploadQueue {
  private uploads: readonly Upload[] = [];
  private waiting: number[] = [];
  private active = 0;
  private lastId = 0;
  private listeners = new Set<() => void>();

  constructor(private readonly options: Options) {}

  /** For React's useSyncExternalStore: a new array whenever something changed. */
  snapshot = (): readonly Upload[] => this.uploads;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  add(files: Iterable<File>): void {
    for (const file of files) {
      const { limitMb } = this.options;
      const fits = file.size <= limitMb * MB;
      const id = this.append(file);
      if (fits) this.waiting.push(id);
      else this.fail(id, tooLarge({ sizeBytes: file.size, limitMb }));
    }
    this.startNext();
  }

  /** Lists a file that the page itself turns down. */
  refuse(file: File, message: string): void {
    this.fail(this.append(file), { message, canRetry: false });
  }

  retry(id: number): void {
    const upload = this.uploads.find((candidate) => candidate.id === id);
    if (!upload?.canRetry) return;
    this.change(id, { state: "queued", sentBytes: 0, message: "", canRetry: false });
    this.waiting.push(id);
    this.startNext();
  }

  retryAll(): void {
    for (const upload of this.uploads) this.retry(upload.id);
  }

  /** Forgets what is settled; what is under way or can be retried stays. */
  clearSettled(): void {
    this.uploads = this.uploads.filter((upload) => !isSettled(upload));
    this.tell();
  }

  private append(file: File): number {
    const id = ++this.lastId;
    const upload: Upload = {
      id,
      file,
      state: "queued",
      sentBytes: 0,
      results: [],
      message: "",
      canRetry: false,
    };
    this.uploads = [...this.uploads, upload];
    this.tell();
    return id;
  }

  private startNext(): void {
    const parallel = this.options.parallel ?? 3;
    while (this.active < parallel && this.waiting.length > 0) {
      void this.sendOne(this.waiting.shift()!);
    }
  }

  private async sendOne(id: number): Promise<void> {
    const upload = this.uploads.find((candidate) => candidate.id === id);
    if (!upload) return;
    this.active += 1;
    this.change(id, { state: "sending" });
    const reply = await this.options.send(upload.file, (sentBytes) => this.progress(id, sentBytes));
    this.active -= 1;
    this.settle(id, reply);
    this.startNext();
  }

  private progress(id: number, sentBytes: number): void {
    const size = this.uploads.find((upload) => upload.id === id)?.file.size ?? 0;
    const state = sentBytes >= size ? "checking" : "sending";
    this.change(id, { state, sentBytes: Math.min(sentBytes, size) });
  }

  private settle(id: number, reply: Reply): void {
    const upload = this.uploads.find((candidate) => candidate.id === id)!;
    if (reply.kind === "silence") {
      const { sentBytes } = upload;
      this.fail(id, brokenConnection({ sentBytes, sizeBytes: upload.file.size }));
      return;
    }
    const results = resultsIn(reply.body);
    if (results) {
      this.change(id, { state: "answered", results });
      if (results.some((result) => result.status === "accepted")) this.options.onAccepted();
    } else {
      const { status } = reply;
      this.fail(
        id,
        troubleOf({ status, detail: detailIn(reply.body), limitMb: this.options.limitMb }),
      );
    }
  }

  private fail(id: number, trouble: Trouble): void {
    this.change(id, { state: "failed", ...trouble });
  }

  private change(id: number, changes: Partial<Upload>): void {
    this.uploads = this.uploads.map((upload) =>
      upload.id === id ? { ...upload, ...changes } : upload,
    );
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

export function isUnderWay(upload: Upload): boolean {
  return upload.state !== "answered" && upload.state !== "failed";
}

function isSettled(upload: Upload): boolean {
  return !isUnderWay(upload) && !upload.canRetry;
}

function resultsIn(body: unknown): UploadResult[] | null {
  const results = (body as { results?: unknown } | null)?.results;
  return Array.isArray(results) ? results : null;
}

function detailIn(body: unknown): string {
  const detail = (body as { detail?: unknown } | null)?.detail;
  return typeof detail === "string" ? detail : "";
}
