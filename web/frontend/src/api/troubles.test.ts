import { expect, test } from "vitest";

import { Refused } from "./client";
import { troubleIn, troubleOf } from "./troubles";

const problem = (code: string, detail: string) => ({
  type: "about:blank",
  title: "",
  status: 0,
  code,
  detail,
});

test.each([
  [401, null, /signed out/, true],
  [403, problem("not_authenticated", "Who are you?"), /signed out/, true],
  [403, problem("csrf_failed", "CSRF cookie missing."), /Reload it/, false],
  [403, problem("permission_denied", "Only photographers upload."), /^Only photographers/, false],
  [413, problem("too_large", "The zip is too large."), /^The zip is too large\.$/, false],
  [429, problem("throttled", "Slow."), /Wait a minute/, true],
  [500, problem("server_error", "x"), /failed on this request \(500\)/, true],
  [503, null, /busy or restarting \(503\)/, true],
  [507, problem("disk_full", "The disk is full."), /disk is full/, true],
  [418, null, /does not know \(418\)/, true],
])("an answer %i %o becomes a message of its own", (status, body, message, canRetry) => {
  const trouble = troubleOf(new Refused(status, body));
  expect(trouble.message).toMatch(message);
  expect(trouble.canRetry).toBe(canRetry);
});

test("no answer is the connection's fault", () => {
  expect(troubleOf(new TypeError("Failed to fetch")).message).toMatch(/connection/);
});

test("the one error of a field is told instead of the whole", () => {
  const body = { ...problem("invalid", "See errors."), errors: [{ field: "a", code: "b", detail: "It is too long." }] };
  expect(troubleIn(400, JSON.stringify(body), 1).message).toBe("It is too long.");
});

test("a proxy's page is no message", () => {
  expect(troubleIn(413, "<html>", 100).message).toBe("The site takes at most 100 MB in one file.");
});
