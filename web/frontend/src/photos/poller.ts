/** Asks what has changed: often while something is unfinished, seldom otherwise. */

const BUSY_MS = 1_500;
const STUCK_MS = 5_000;
const STUCK_AFTER_ROUNDS = 60;
const IDLE_MS = 5_000;
const IDLE_MOST_MS = 60_000;
const FAILED_MOST_MS = 30_000;
const SOON_MS = 200;

export interface Rounds {
  unfinished: number;
  /** How many answers in a row brought nothing new, or no answer came. */
  unchanged: number;
  failures: number;
}

/** What an answer says of the next question's time. */
export interface Round {
  unfinished: number;
  isNew: boolean;
  /** There is more to tell at once. */
  hasMore?: boolean;
}

export function nextDelay({ unfinished, unchanged, failures }: Rounds): number {
  if (failures > 0) return Math.min(BUSY_MS * 2 ** failures, FAILED_MOST_MS);
  if (unfinished > 0) return unchanged < STUCK_AFTER_ROUNDS ? BUSY_MS : STUCK_MS;
  return Math.min(IDLE_MS * 2 ** unchanged, IDLE_MOST_MS);
}

interface Options<Answer> {
  load: () => Promise<Answer>;
  onAnswer: (answer: Answer) => Round;
  onTrouble: (error: unknown, retryInMs: number) => void;
  isHidden: () => boolean;
}

export class Poller<Answer> {
  private rounds: Rounds = { unfinished: 0, unchanged: 0, failures: 0 };
  private timer: ReturnType<typeof setTimeout> | undefined;
  private dueAt = Infinity;
  private asking = false;
  private askAgain = false;
  private run = 0;

  constructor(private readonly options: Options<Answer>) {}

  start(): void {
    this.run += 1;
    this.asking = false;
    this.plan(0);
  }

  stop(): void {
    this.run += 1; // an answer still under way belongs to no run
    this.cancel();
  }

  /** Something changed: ask within a moment. */
  soon(): void {
    this.rounds = { ...this.rounds, unchanged: 0 };
    if (this.asking) this.askAgain = true;
    else if (this.dueAt > Date.now() + SOON_MS) this.plan(SOON_MS);
  }

  /** Call when the page was hidden or shown: nobody looks at a hidden page. */
  visibilityChanged(): void {
    if (this.options.isHidden()) this.cancel();
    else this.soon();
  }

  private plan(delay: number): void {
    this.cancel();
    if (this.options.isHidden()) return;
    this.dueAt = Date.now() + delay;
    this.timer = setTimeout(() => void this.ask(), delay);
  }

  private cancel(): void {
    clearTimeout(this.timer);
    this.dueAt = Infinity;
  }

  private async ask(): Promise<void> {
    const { run } = this;
    this.dueAt = Infinity;
    this.asking = true;
    this.askAgain = false;
    let settle: () => void;
    try {
      const answer = await this.options.load();
      settle = () => this.take(answer);
    } catch (error) {
      settle = () => this.takeTrouble(error);
    }
    if (run !== this.run) return;
    this.asking = false;
    settle();
  }

  private take(answer: Answer): void {
    const { unfinished, isNew, hasMore } = this.options.onAnswer(answer);
    const unchanged = isNew || this.rounds.failures > 0 ? 0 : this.rounds.unchanged + 1;
    this.rounds = { unfinished, unchanged, failures: 0 };
    this.plan(this.askAgain || hasMore ? SOON_MS : nextDelay(this.rounds));
  }

  private takeTrouble(error: unknown): void {
    this.rounds = { ...this.rounds, failures: this.rounds.failures + 1 };
    const delay = nextDelay(this.rounds);
    this.options.onTrouble(error, delay);
    this.plan(delay);
  }
}
