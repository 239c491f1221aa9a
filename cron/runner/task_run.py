"""Runs one task, as cron does and by hand alike."""

import fcntl
import time
import uuid
from contextlib import contextmanager
from datetime import datetime, timedelta

from runner.crontab import Line, is_fixed
from runner.environment import value
from runner.paths import CronPaths
from runner.process_tree import Interrupted, TimedOut, heeding_signals, run_program
from runner.records import Records, RunRecord, Tail, now_words
from runner.redaction import Hiding
from runner.sentry_checkins import SentryCheckIns
from runner.task_log import Voice, wants_json
from runner.tasks import Task

SKIPPED = 75  # EX_TEMPFAIL: another time
TIMED_OUT = 124  # as of timeout(1)
LONGEST_CHANGE = timedelta(hours=3)  # what cron takes for summer time


class TaskRun:
    """One start of one task."""

    def __init__(
        self, task: Task, places: CronPaths, *, variables: dict, lines: list[Line]
    ):
        self._task, self._places, self._variables = task, places, variables
        self._by = "cron" if variables.get("STARTED_BY") == "cron" else "hand"
        by_hand = self._by == "hand"
        self._fields = [line.fields for line in lines if line.task == task.name]
        self._voice = Voice(
            task.name,
            run_id=uuid.uuid4().hex,
            hide=Hiding(variables),
            as_json=wants_json(variables),
            by_hand=by_hand,
        )
        self._voice.open_log(places.pipe)
        folder = value(variables, "JOBS_FOLDER")
        self._records = Records(folder, task.name, locks=places.folder)
        self._tail = Tail()
        is_monitored = not by_hand and not task.has_own_monitor
        self._telling = SentryCheckIns(
            task,
            fields=self._fields[0] if is_monitored and self._fields else "",
            variables=variables,
            complain=lambda words: self._voice.say(words, level="warning"),
        )
        self._started_at, self._started = now_words(), time.monotonic()

    def start(self) -> int:
        """The exit status of the task; 75 for one that was left out."""
        with self._alone() as is_alone:
            if not is_alone:
                return self._skip(
                    "it still runs since its last start, so this start is left out"
                )
            self._try_to_record(self._records.close_killed)
            if self._by == "cron" and self._is_repeated():
                return self._skip(
                    "the clock was changed and this time of day comes again; "
                    "it has run already, so this start is left out"
                )
            record = self._run()
        # The lock is free again: whatever Sentry does, it holds nobody up.
        self._telling.ended(record)
        return record.exit_status

    def _run(self) -> RunRecord:
        self._voice.say(f"started by {self._by}, for {self._task.limit} at most")
        self._try_to_record(self._records.begin, self._record("failed", 137))
        self._telling.started()
        outcome, status = self._outcome()
        record = self._record(outcome, status)
        self._try_to_record(self._records.add, record)
        self._try_to_record(self._records.end)
        self._say_end(record)
        return record

    def _outcome(self) -> tuple[str, int]:
        try:
            with heeding_signals():
                status = run_program(
                    [str(self._task.path)],
                    folder=self._places.app,
                    variables=self._variables,
                    limit_seconds=self._task.limit_seconds,
                    heard=lambda line: self._tail.add(self._voice.output(line)),
                )
        except TimedOut:
            return "timed_out", TIMED_OUT
        except Interrupted as interrupted:
            self._tail.add(f"{interrupted} ended it.")
            return "failed", 128 + interrupted.number
        except (OSError, ValueError) as error:
            self._tail.add(self._voice.output(f"It cannot be started: {error}"))
            return "failed", 126
        return ("failed" if status else "ok"), status

    def _say_end(self, record: RunRecord) -> None:
        took = f"after {record.seconds} s"
        if record.outcome == "ok":
            self._voice.say(f"ended with exit status 0 {took}")
        elif record.outcome == "timed_out":
            self._voice.say(
                f"TIMED OUT {took}: its limit is {self._task.limit}. It was ended, "
                f"with all that it had started. TIME_LIMIT in cron/tasks/"
                f"{self._task.path.name} sets the limit.",
                level="error",
            )
        else:
            self._voice.say(
                f"FAILED with exit status {record.exit_status} {took}; "
                "its output is above",
                level="error",
            )

    def _skip(self, reason: str) -> int:
        self._voice.say(reason, level="warning")
        self._tail.add(f"{reason[0].upper()}{reason[1:]}.")
        self._try_to_record(self._records.add, self._record("skipped", SKIPPED))
        return SKIPPED

    def _record(self, outcome: str, status: int) -> RunRecord:
        return RunRecord(
            task=self._task.name,
            description=self._task.description,
            started_at=self._started_at,
            ended_at=now_words(),
            seconds=round(time.monotonic() - self._started, 1),
            exit_status=status,
            outcome=outcome,
            output=str(self._tail),
            by=self._by,
        )

    def _try_to_record(self, function, *arguments) -> None:
        """A full disk must not keep a backup from being taken."""
        try:
            function(*arguments)
        except OSError as error:
            self._voice.say(
                f"this run is not on the operations page: {error}", level="warning"
            )

    @contextmanager
    def _alone(self):
        """
        Whether no other run of the task goes on. The lock is held until this process
        ends, however it ends, and what the task leaves behind does not inherit it.
        """
        with self._places.lock(self._task.name).open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def _is_repeated(self) -> bool:
        if not self._fields or not all(map(is_fixed, self._fields)):
            return False
        now = datetime.now().astimezone()
        return is_repeated(now, self._records.started_by_cron())


def is_repeated(now: datetime, earlier: list[datetime]) -> bool:
    """
    Whether the wall clock has shown this minute, or a later one, at an earlier start.

    cron itself avoids it in autumn, unless it was started anew within the hour that
    comes twice; in spring it starts a job once for each time of the hour left out.
    """
    minute = _minute(now)
    return any(
        now - moment < LONGEST_CHANGE and _minute(moment) >= minute
        for moment in earlier
        if moment <= now
    )


def _minute(moment: datetime) -> datetime:
    """Of the wall clock, as it was then."""
    return moment.replace(tzinfo=None, second=0, microsecond=0)
