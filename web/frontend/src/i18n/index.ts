/** The words of the pages. `t` holds those of the visitor's language once it is known. */

import { en } from "./en";

export type Messages = typeof en;

export let t: Messages = en;
export let language = "en";

/** French comes in a file of its own, which is loaded only where it is spoken. */
export async function speak(wanted: string): Promise<void> {
  if (wanted !== "fr") return;
  t = (await import("./fr")).fr;
  language = "fr";
}
