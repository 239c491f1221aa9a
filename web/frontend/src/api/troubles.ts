/** What the page says when a request was refused or got no answer. */

import { t } from "../i18n";
import { readProblem, Refused } from "./client";
import type { Problem } from "./types";

export interface Trouble {
  message: string;
  canRetry: boolean;
}

/** Whatever a request of client.ts raised, in the visitor's language. */
export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Refused)) return retry(t.trouble.connection);
  return refusal(error.status, error.problem);
}

/** Of an answer that came another way: its status, and its body as text. */
export function troubleIn(status: number, text: string, limitMb: number): Trouble {
  if (status === 413) return final(problemIn(text)?.detail ?? t.trouble.tooLarge(limitMb));
  return refusal(status, problemIn(text));
}

function refusal(status: number, problem: Problem | null): Trouble {
  const code = problem?.code;
  if (status === 401 || code === "not_authenticated") return retry(t.trouble.signedOut);
  if (status === 403 && isCsrf(problem)) return final(t.trouble.outOfDate);
  if (status === 403) return final(problem?.detail || t.trouble.notAllowed);
  if (status === 404) return final(problem?.detail || t.trouble.gone);
  if (code === "too_many_uploads") return retry(problem!.detail);
  if (status === 429) return retry(t.trouble.tooMany);
  if (status >= 502 && status <= 504) return retry(t.trouble.busy(status));
  if (problem?.detail && status !== 500) return { message: problem.detail, canRetry: status >= 500 };
  if (status >= 500) return retry(t.trouble.siteFailed(status));
  return retry(t.trouble.unknown(status));
}

function isCsrf(problem: Problem | null): boolean {
  return problem?.code === "csrf_failed" || /csrf/i.test(problem?.detail ?? "");
}

function problemIn(text: string): Problem | null {
  try {
    return readProblem(JSON.parse(text));
  } catch {
    return null; // a proxy's page
  }
}

function retry(message: string): Trouble {
  return { message, canRetry: true };
}

function final(message: string): Trouble {
  return { message, canRetry: false };
}
