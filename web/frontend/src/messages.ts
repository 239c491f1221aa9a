/** What the page says when a request as a whole was refused or got no answer. */

import { MB, sizeText } from "./sizes";

export interface Trouble {
  message: string;
  canRetry: boolean;
}

export interface Refusal {
  status: number;
  detail: string;
  limitMb: number;
}

export function troubleOf({ status, detail, limitMb }: Refusal): Trouble {
  const signedOut = status === 401 || /credentials were not provided/i.test(detail);
  if (signedOut) {
    return retry("You are signed out. Sign in again in another tab, then retry.");
  }
  if (status === 403 && /csrf/i.test(detail)) {
    return final("This page is out of date. Reload it, then choose the file again.");
  }
  if (status === 403) {
    return final(detail || "You have no right to do this here. Ask an administrator.");
  }
  if (status === 404) return final("This is gone. Reload the page.");
  if (status === 413) {
    return final(`The site takes at most ${limitMb} MB in one upload.`);
  }
  if (status === 429) {
    return retry("Too many requests at once. Wait a minute, then retry.");
  }
  if (status >= 502 && status <= 504) {
    return retry(`The site is busy or restarting (${status}). Wait a moment, then retry.`);
  }
  if (status >= 500) {
    return retry(
      `The site failed on this request (${status}). Retry; if it happens again, tell an administrator.`,
    );
  }
  if (detail) return final(detail);
  return retry(
    `The site gave an answer that this page does not know (${status}). Reload the page.`,
  );
}

export function brokenConnection({
  sentBytes,
  sizeBytes,
}: {
  sentBytes: number;
  sizeBytes: number;
}): Trouble {
  const where =
    sentBytes > 0
      ? `broke after ${sizeText(sentBytes)} of ${sizeText(sizeBytes)}`
      : "could not be made";
  return retry(`The connection to the site ${where}. Check your network, then retry.`);
}

export function tooLarge({ sizeBytes, limitMb }: { sizeBytes: number; limitMb: number }): Trouble {
  const excess = sizeText(sizeBytes - limitMb * MB);
  return final(
    `The file has ${sizeText(sizeBytes)}, ${excess} more than the ${limitMb} MB that the site takes in one upload. It was not sent.`,
  );
}

function retry(message: string): Trouble {
  return { message, canRetry: true };
}

function final(message: string): Trouble {
  return { message, canRetry: false };
}
