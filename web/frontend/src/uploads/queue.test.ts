import { expect, test, vi } from "vitest";

import type { UploadResult } from "../api/types";
import { UploadQueue, type Hearing } from "./queue";
import { batchText } from "./summary";
import type { Upload } from "./upload";

interface Sending {
  upload: Upload;
  hearing: Hearing;
  cancel: ReturnType<typeof vi.fn>;
}

function makeQueue({ photoMb = 1, urlOf = (_file: File): string | null => null } = {}) {
  const sendings: Sending[] = [];
  const onAccepted = vi.fn();
  const queue = new UploadQueue({
    photoMb,
    zipMb: 4,
    onAccepted,
    urlOf,
    send: (upload, hearing) => {
      const sending = { upload, hearing, cancel: vi.fn() };
      sendings.push(sending);
      return sending;
    },
  });
  const names = () => sendings.map(({ upload }) => upload.name);
  return { queue, sendings, names, onAccepted, upload: (index = 0) => queue.get(queue.list()[index]!) };
}

function file(name: string, sizeBytes = 10): File {
  return new File([new Uint8Array(sizeBytes)], name);
}

function result(status: UploadResult["status"], message = ""): UploadResult {
  return { name: "a.jpg", status, code: status, message, photo: null };
}

test("sends three files at a time and the next when the bytes of one are there", () => {
  const { queue, sendings, names } = makeQueue();
  queue.add(["1", "2", "3", "4", "5"].map((name) => file(name)));
  expect(names()).toEqual(["1", "2", "3"]);
  sendings[1]!.hearing.onReceived();
  expect(names()).toEqual(["1", "2", "3", "4"]);
});

test("a file that waits for the connection keeps its place: the others do not fail in turn", () => {
  const { queue, sendings, names, upload } = makeQueue();
  queue.add(["1", "2", "3", "4"].map((name) => file(name)));
  for (const { hearing } of sendings) hearing.onPause("Off.");
  expect(names()).toEqual(["1", "2", "3"]);
  expect(upload()).toMatchObject({ state: "paused", message: "Off." });
  sendings[0]!.hearing.onSent(5);
  expect(upload()).toMatchObject({ state: "sending", sentBytes: 5, message: "" });
});

test("a file over its limit is named with both sizes and never sent; a zip has its own", () => {
  const { queue, names, upload } = makeQueue();
  const large = 3 * 1024 * 1024;
  queue.add([file("big.jpg", large), file("big.zip", large), file("small.jpg")]);
  expect(names()).toEqual(["big.zip", "small.jpg"]);
  expect(upload()).toMatchObject({ state: "failed", canRetry: false });
  expect(upload().message).toBe(
    "The file has 3.0 MB, 2.0 MB more than the 1 MB that the site takes in one file. It was not sent.",
  );
});

test("an empty file is told at once", () => {
  const { queue, names, upload } = makeQueue();
  queue.add([file("a.jpg", 0)]);
  expect(names()).toEqual([]);
  expect(upload().message).toMatch(/^The file is empty/);
});

test("reports progress, then that the site is checking, then what became of it", () => {
  const { queue, sendings, upload, onAccepted } = makeQueue();
  queue.add([file("a.jpg", 100)]);
  const { hearing } = sendings[0]!;
  hearing.onSent(40);
  expect(upload()).toMatchObject({ state: "sending", sentBytes: 40 });
  hearing.onReceived();
  expect(upload()).toMatchObject({ state: "checking", sentBytes: 100 });
  hearing.onResults([result("rejected", "This is no image.")], true);
  expect(upload()).toMatchObject({ state: "answered" });
  expect(upload().results[0]!.message).toBe("This is no image.");
  expect(onAccepted).not.toHaveBeenCalled();
});

test("what a zip holds beside photos is no refusal", () => {
  const { queue, sendings, upload } = makeQueue();
  queue.add([file("camp.zip")]);
  const { hearing } = sendings[0]!;
  hearing.onReceived();
  hearing.onResults([result("accepted"), result("passed_over", "1 other file was passed over: 1 json.")], true);
  expect(batchText(queue.sums())).toBe("1 of 1 file done. 1 accepted.");
  expect(upload().state).toBe("answered");
});

test("the results of a zip grow while it is unpacked", () => {
  const { queue, sendings, upload, onAccepted } = makeQueue();
  queue.add([file("a.zip")]);
  const { hearing } = sendings[0]!;
  hearing.onReceived();
  hearing.onResults([result("accepted")], false);
  expect(upload()).toMatchObject({ state: "unpacking" });
  hearing.onResults([result("accepted"), result("rejected")], true);
  expect(upload().results).toHaveLength(3);
  expect(onAccepted).toHaveBeenCalledTimes(2);
  expect(batchText(queue.sums())).toBe("1 of 1 file done. 2 accepted, 1 rejected.");
});

test("the same file goes on at the address where it was begun before", () => {
  const { queue, sendings } = makeQueue({ urlOf: ({ name }) => (name === "a" ? "/here/" : null) });
  queue.add([file("a"), file("b")]);
  expect(sendings.map(({ upload }) => upload.url)).toEqual(["/here/", null]);
});

test("a retry goes on where the upload stopped", () => {
  const { queue, sendings, upload } = makeQueue();
  queue.add([file("a.jpg")]);
  sendings[0]!.hearing.onUrl("/there/");
  sendings[0]!.hearing.onFailure("Signed out.", true);
  expect(upload()).toMatchObject({ state: "failed", message: "Signed out.", canRetry: true });
  queue.retry(upload().id);
  expect(sendings[1]!.upload).toMatchObject({ url: "/there/", state: "sending", message: "" });
});

test("a cancelled file is stopped, and hears nothing any more", () => {
  const { queue, sendings, names, upload } = makeQueue();
  queue.add(["1", "2", "3", "4"].map((name) => file(name)));
  queue.cancel(upload(0).id);
  expect(sendings[0]!.cancel).toHaveBeenCalledOnce();
  sendings[0]!.hearing.onFailure("Aborted.", true);
  expect(upload(0)).toMatchObject({ state: "cancelled", message: "" });
  expect(names()).toEqual(["1", "2", "3", "4"]); // its place went to the next
  queue.cancelAll();
  expect(queue.sums().underWay).toBe(0);
});

test("retries all that can be retried, and clears what is settled", () => {
  const { queue, sendings, names } = makeQueue();
  queue.add([file("a"), file("b"), file("c")]);
  sendings[0]!.hearing.onFailure("Off.", true);
  sendings[1]!.hearing.onFailure("Too large.", false);
  sendings[2]!.hearing.onResults([result("duplicate")], true);
  queue.retryAll();
  expect(names()).toEqual(["a", "b", "c", "a"]);
  queue.clearSettled();
  expect(queue.list().map((id) => queue.get(id).name)).toEqual(["a"]);
  expect(queue.sums()).toMatchObject({ files: 1, duplicate: 0, failed: 0 });
});

test("a zip that was sent before the page was loaded is followed", () => {
  const { queue, sendings, upload } = makeQueue();
  queue.follow("camp.zip", 100, "/api/uploads/1/");
  expect(upload()).toMatchObject({ state: "unpacking", file: null });
  sendings[0]!.hearing.onFailure("Damaged.", true);
  expect(upload().canRetry).toBe(false); // there is nothing to send again
});

test("a step of one file among two thousand tells that row, not the list", () => {
  const { queue, sendings } = makeQueue();
  queue.add(Array.from({ length: 2000 }, (_, index) => file(`${index}.jpg`)));
  let lists = 0;
  let rows = 0;
  queue.subscribe(() => (lists += 1));
  queue.subscribeTo(queue.list()[0]!, () => (rows += 1));
  const ids = queue.list();
  for (let sent = 0; sent < 10; sent += 1) sendings[0]!.hearing.onSent(sent);
  expect([lists, rows]).toEqual([0, 10]);
  expect(queue.list()).toBe(ids);
});
