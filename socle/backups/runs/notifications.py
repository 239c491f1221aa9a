"""Tells those outside how a run goes: a ping URL, and Sentry if it is set up."""

import logging
from http.client import HTTPException
from urllib.parse import urlsplit
from urllib.request import urlopen
from uuid import UUID

import sentry_sdk
from django.conf import settings
from sentry_sdk.crons import capture_checkin
from sentry_sdk.integrations.logging import ignore_logger

logger = logging.getLogger(__name__)
PING_SECONDS = 5
MARGIN_MINUTES = 30  # a run that has not begun by then was missed
LONGEST_MINUTES = 12 * 60

# The failure itself is sent: its line in the log would be a second event.
ignore_logger("backups.runs")


def began(kind: str, *, run_id: UUID) -> None:
    _check_in(kind, run_id=run_id, status="in_progress", seconds=None)
    if kind == "backup":
        _ping("/start")


def ended(
    kind: str, *, run_id: UUID, seconds: float, failure: BaseException | None
) -> None:
    if failure is not None:
        sentry_sdk.capture_exception(failure)
    status = "ok" if failure is None else "error"
    _check_in(kind, run_id=run_id, status=status, seconds=seconds)
    if kind == "backup":
        _ping("" if failure is None else "/fail")


def _check_in(kind: str, *, run_id: UUID, status: str, seconds: float | None) -> None:
    """Without SENTRY_DSN it goes nowhere."""
    schedules = {"backup": settings.BACKUP_AT, "drill": settings.BACKUP_DRILL_AT}
    if kind not in schedules:
        return
    capture_checkin(
        monitor_slug=f"{settings.PROJECT_NAME}-{kind}",
        check_in_id=run_id.hex,
        status=status,
        duration=seconds,
        monitor_config={
            "schedule": {"type": "crontab", "value": schedules[kind]},
            "timezone": settings.TIME_ZONE,
            "checkin_margin": MARGIN_MINUTES,
            "max_runtime": LONGEST_MINUTES,
        },
    )


def _ping(suffix: str) -> None:
    if not settings.BACKUP_PING_URL:
        return
    address = settings.BACKUP_PING_URL.rstrip("/") + suffix
    try:
        with urlopen(address, timeout=PING_SECONDS):
            pass
    except OSError as error:
        # Its path is often all that protects it: only the host is named.
        host = urlsplit(address).hostname
        logger.warning("The ping to %s did not arrive: %s", host, error)
    except (HTTPException, ValueError) as error:
        name = type(error).__name__
        logger.warning("The ping did not arrive, is BACKUP_PING_URL right? %s", name)
