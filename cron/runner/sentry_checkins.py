"""Tells Sentry of each run. However Sentry is, the task notices nothing of it."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from typing import Any

from runner.environment import value
from runner.records import RunRecord
from runner.tasks import Task

WAIT_SECONDS = 5  # after the end of the task, when nobody waits for anything
OUTPUT_CHARACTERS = 1500
CHECK_IN = {"ok": "ok", "failed": "error", "timed_out": "error"}


@dataclass
class SentryCheckIns:
    """Of one run. Without `fields` no monitor is told, as of a run by hand."""

    task: Task
    fields: str
    variables: dict[str, str]
    complain: Callable[[str], None]
    _check_in: str | None = None
    _sentry: Any = None
    _thread: Thread | None = None

    def started(self) -> None:
        """Beside the task: loading Sentry takes longer than some tasks do."""
        if value(self.variables, "SENTRY_DSN"):
            self._thread = Thread(target=self._guarded, args=(self._start,))
            self._thread.daemon = True
            self._thread.start()

    def ended(self, record: RunRecord) -> None:
        """Waits some seconds at most. To be called when all else is done."""
        if self._thread is None:
            return
        self._thread.join(WAIT_SECONDS)
        if self._sentry is None:
            return
        last = Thread(target=self._guarded, args=(self._end, record), daemon=True)
        last.start()
        last.join(WAIT_SECONDS)

    def _guarded(self, function: Callable, *arguments) -> None:
        try:
            function(*arguments)
        except Exception as error:  # whatever it is, the task has nothing to do with it
            self.complain(f"Sentry could not be told: {type(error).__name__}: {error}")

    def _start(self) -> None:
        import sentry_sdk  # only here: half a second that others need not wait

        variables = self.variables
        project = self._project
        sentry_sdk.init(
            dsn=value(variables, "SENTRY_DSN"),
            environment=variables.get("ENVIRONMENT", "prod"),
            release=f"{project}@{variables.get('IMAGE_TAG', 'latest')}",
            server_name="cron",
            default_integrations=False,
            send_default_pii=False,
            include_local_variables=False,
        )
        self._sentry = sentry_sdk
        if self.fields:
            self._check_in = self._capture("in_progress")

    def _end(self, record: RunRecord) -> None:
        if self.fields and record.outcome in CHECK_IN:
            self._capture(CHECK_IN[record.outcome], duration=record.seconds)
        if record.outcome != "ok":
            self._report(record)
        self._sentry.flush(timeout=WAIT_SECONDS - 1)

    def _capture(self, status: str, duration: float | None = None) -> str:
        return self._sentry.crons.capture_checkin(
            monitor_slug=f"{self._project}-{self.task.name}".replace("_", "-"),
            check_in_id=self._check_in,
            status=status,
            duration=duration,
            monitor_config={
                "schedule": {"type": "crontab", "value": self.fields},
                "timezone": self.variables.get("TZ") or "UTC",
                "checkin_margin": 5,
                "max_runtime": max(1, self.task.limit_seconds // 60),
            },
        )

    @property
    def _project(self) -> str:
        return self.variables.get("PROJECT_NAME") or "socle"

    def _report(self, record: RunRecord) -> None:
        with self._sentry.new_scope() as scope:
            scope.set_tag("task", record.task)
            scope.set_tag("outcome", record.outcome)
            scope.fingerprint = ["cron", record.task, record.outcome]
            scope.set_extra("output", record.output[-OUTPUT_CHARACTERS:])
            scope.set_extra("seconds", record.seconds)
            self._sentry.capture_message(_sentence(record), level="error")


def _sentence(record: RunRecord) -> str:
    how = {
        "failed": f"failed with exit status {record.exit_status}",
        "timed_out": "took too long and was ended",
        "skipped": "was left out",
    }
    return f"The job {record.task} {how.get(record.outcome, record.outcome)}."
