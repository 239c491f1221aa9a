import { expect, test, vi } from "vitest";

import type { UploadResult } from "../api";
import { UploadQueue, type Reply } from "./queue";
import { batchText } from "./summary";

interface Request {
  name: string;
  onSent: (bytes: number) => void;
  answer: (reply: Reply) => Promise<void>;
}

function makeQueue({ limitMb = 1 } = {}) {
  const requests: Request[] = [];
  const onAccepted = vi.fn();
  const queue = new UploadQueue({
    limitMb,
    onAccepted,
    send: (file, onSent) =>
      new Promise((resolve) => {
        const answer = async (reply: Reply) => {
          resolve(reply);
          await Promise.resolve(); // the queue goes on in a microtask
          await Promise.resolve();
        };
        requests.push({ name: file.name, onSent, answer });
      }),
  });
  return { queue, requests, onAccepted, upload: (index = 0) => queue.snapshot()[index]! };
}

function file(name: string, sizeBytes = 10): File {
  return new File([new Uint8Array(sizeBytes)], name);
}

function result(status: UploadResult["status"], message = ""): UploadResult {
  return { name: "a.jpg", status, code: status, message, photo: null };
}

function answered(status: number, body: unknown): Reply {
  return { kind: "answer", status, body };
}

test("sends three files at a time and the next when one is done", async () => {
  const { queue, requests } = makeQueue();
  queue.add(["1", "2", "3", "4", "5"].map((name) => file(name)));
  expect(requests.map((request) => request.name)).toEqual(["1", "2", "3"]);
  await requests[1]!.answer(answered(201, { results: [result("accepted")] }));
  expect(requests.map((request) => request.name)).toEqual(["1", "2", "3", "4"]);
});

test("a file over the limit is named with both sizes and never sent", () => {
  const { queue, requests, upload } = makeQueue();
  queue.add([file("big.jpg", 3 * 1024 * 1024), file("small.jpg")]);
  expect(requests.map((request) => request.name)).toEqual(["small.jpg"]);
  expect(upload().state).toBe("failed");
  expect(upload().message).toBe(
    "The file has 3.0 MB, 2.0 MB more than the 1 MB that the site takes in one upload. It was not sent.",
  );
  expect(upload().canRetry).toBe(false);
});

test("reports progress, then that the site is checking", () => {
  const { queue, requests, upload } = makeQueue();
  queue.add([file("a.jpg", 100)]);
  requests[0]!.onSent(40);
  expect(upload()).toMatchObject({ state: "sending", sentBytes: 40 });
  requests[0]!.onSent(100);
  expect(upload()).toMatchObject({ state: "checking", sentBytes: 100 });
});

test("keeps the site's message for each file of a rejected upload", async () => {
  const { queue, requests, upload, onAccepted } = makeQueue();
  queue.add([file("a.txt")]);
  await requests[0]!.answer(answered(400, { results: [result("rejected", "This is no image.")] }));
  expect(upload().state).toBe("answered");
  expect(upload().results[0]!.message).toBe("This is no image.");
  expect(onAccepted).not.toHaveBeenCalled();
});

test("tells the page when a photo was accepted", async () => {
  const { queue, requests, onAccepted } = makeQueue();
  queue.add([file("a.jpg")]);
  await requests[0]!.answer(answered(201, { results: [result("accepted")] }));
  expect(onAccepted).toHaveBeenCalledOnce();
});

test("a broken connection says how far it came, and a retry sends again", async () => {
  const { queue, requests, upload } = makeQueue();
  queue.add([file("a.jpg", 4096)]);
  requests[0]!.onSent(2048);
  await requests[0]!.answer({ kind: "silence" });
  expect(upload().message).toBe(
    "The connection to the site broke after 2 kB of 4 kB. Check your network, then retry.",
  );
  queue.retry(upload().id);
  expect(requests).toHaveLength(2);
  expect(upload()).toMatchObject({ state: "sending", sentBytes: 0, message: "" });
});

test.each([
  [401, "", /signed out/, true],
  [403, "Authentication credentials were not provided.", /signed out/, true],
  [403, "CSRF Failed: CSRF token missing.", /Reload it/, false],
  [403, "Only photographers may upload.", /^Only photographers may upload\.$/, false],
  [413, "", /at most 1 MB/, false],
  [500, "", /failed on this request \(500\)/, true],
  [503, "", /busy or restarting \(503\)/, true],
])("an answer %i %s becomes a message of its own", async (status, detail, message, canRetry) => {
  const { queue, requests, upload } = makeQueue();
  queue.add([file("a.jpg")]);
  await requests[0]!.answer(answered(status, detail ? { detail } : null));
  expect(upload().state).toBe("failed");
  expect(upload().message).toMatch(message);
  expect(upload().canRetry).toBe(canRetry);
});

test("retries all that can be retried, and clears what is settled", async () => {
  const { queue, requests } = makeQueue();
  queue.add([file("a"), file("b"), file("c")]);
  await requests[0]!.answer({ kind: "silence" });
  await requests[1]!.answer(answered(413, null));
  await requests[2]!.answer(answered(200, { results: [result("duplicate")] }));
  queue.retryAll();
  expect(requests.map((request) => request.name)).toEqual(["a", "b", "c", "a"]);
  queue.clearSettled();
  expect(queue.snapshot().map((upload) => upload.file.name)).toEqual(["a"]);
});

test("sums a batch up in one line", async () => {
  const { queue, requests } = makeQueue();
  queue.add([file("a.zip"), file("b.jpg"), file("c.jpg")]);
  const inZip = [result("accepted"), result("accepted"), result("rejected")];
  await requests[0]!.answer(answered(201, { results: inZip }));
  await requests[1]!.answer(answered(200, { results: [result("duplicate")] }));
  expect(batchText(queue.snapshot())).toBe(
    "2 of 3 files done. 2 accepted, 1 already here, 1 rejected.",
  );
});
