/**
 * Keeps the operations page up to date: asks for its state, for the board when that changed,
 * and for the part that says how the site is each minute.
 */

export interface State {
  key: string; // of the board that fits
  busy: boolean;
  progress: Record<string, string>; // by run
}

export const BUSY_MS = 2_000;
export const IDLE_MS = 30_000;
export const SYSTEM_MS = 60_000;

/** How long to wait before asking again; `null` for a site that did not answer. */
export function pauseAfter(state: State | null): number {
  return state?.busy ? BUSY_MS : IDLE_MS;
}

/** Either way: a clock that was put back by an hour is no reason to wait for one. */
export function isOld(since: number, now: number): boolean {
  return Math.abs(now - since) >= SYSTEM_MS;
}

export function watchBoard(board: HTMLElement): void {
  const { boardUrl = "", stateUrl = "", systemUrl = "" } = board.dataset;
  let systemAt = Date.now();

  async function look(): Promise<State> {
    const state: State = await (await answerOf(stateUrl)).json();
    const drawn = board.querySelector<HTMLElement>("[data-key]")?.dataset.key;
    if (state.key !== drawn) {
      board.innerHTML = await (await answerOf(boardUrl)).text();
      systemAt = Date.now();
    } else if (isOld(systemAt, Date.now())) {
      systemAt = Date.now();
      const system = await (await answerOf(systemUrl)).text();
      board.querySelector("#system")?.replaceWith(elementOf(system));
    }
    for (const [run, words] of Object.entries(state.progress)) {
      const place = board.querySelector(`[data-run="${run}"] [data-progress]`);
      if (place && place.textContent !== words) place.textContent = words;
    }
    return state;
  }

  async function watch(): Promise<void> {
    let state: State | null = null;
    try {
      if (!document.hidden) state = await look();
    } catch {
      // No answer, or the session has ended: what is shown stays.
    }
    timer = window.setTimeout(watch, pauseAfter(state));
  }

  let timer = window.setTimeout(watch, BUSY_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    window.clearTimeout(timer);
    void watch();
  });
}

function elementOf(html: string): Element {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild as Element;
}

async function answerOf(url: string): Promise<Response> {
  const response = await fetch(url, { headers: { Accept: "application/json, text/html" } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}
