"""Logging of all processes: JSON a line in DEV and PROD, words for people in LOCAL."""

import logging
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from socle.core.log_lines import CHAIN

FORMATS = {"json", "text"}
LONG_RUNNING = {"run_worker", "runserver"}  # commands whose words are their log
# Levels of those who say too much, or what somebody else says already.
LEVELS = {
    # nginx's line has what the visitor did wrong; here is what the site did.
    "django.request": "ERROR",
    "django.security.DisallowedHost": "CRITICAL",
    "axes": "ERROR",  # its warnings name people
    "botocore": "WARNING",  # tells where it found its keys, each time
    "celery.worker.strategy": "WARNING",  # "received": task_started follows
    "celery.app.trace": "CRITICAL",  # task_succeeded and task_failed say it
}
# They bring handlers of their own, which would write a line twice.
HANDED_ON = ["django", "django.server", "gunicorn.error", "gunicorn.access"]


def wants_json(log_format: str, *, environment: str) -> bool:
    """LOG_FORMAT decides; without it people are spoken to where they sit."""
    if log_format in FORMATS:
        return log_format == "json"
    return environment != "local" and not sys.stderr.isatty()


def service_name(argv: Sequence[str], *, variables: Mapping[str, str]) -> str:
    """Which of the services this process is: SERVICE_NAME, or by its command."""
    if given := variables.get("SERVICE_NAME"):
        return given
    program = Path(argv[0])
    name = program.parent.name if program.name == "__main__.py" else program.name
    if name == "gunicorn":
        return "web"
    if name == "celery":
        return "flower" if "flower" in argv else "worker"
    return "migrate" if "migrate_site" in argv else "manage"


def speaks_to_a_person(argv: Sequence[str], *, variables: Mapping[str, str]) -> bool:
    """
    Whether this is a command that somebody has typed. It says what it does in its own
    words; cron's runner sets STARTED_BY, and its log wants the lines as well.
    """
    return (
        Path(argv[0]).name == "manage.py"
        and service_name(argv, variables=variables) == "manage"
        and not LONG_RUNNING.intersection(argv)
        and not variables.get("STARTED_BY")
    )


def settings_of_process(
    argv: Sequence[str], *, variables: Mapping[str, str]
) -> dict[str, Any]:
    """For a process that logs before Django has read its settings."""
    return logging_settings(
        service=service_name(argv, variables=variables),
        as_json=wants_json(
            variables.get("LOG_FORMAT", ""),
            environment=variables.get("ENVIRONMENT") or "prod",
        ),
    )


def logging_settings(
    *, service: str, as_json: bool, for_person: bool = False
) -> dict[str, Any]:
    """
    What `logging.config.dictConfig` takes; and tells structlog and Python.

    for_person: what is only to be known, and nothing to worry about, is not written.
    """
    _set_up_structlog()
    logging.captureWarnings(True)
    if as_json:
        sys.excepthook = _log_uncaught
        threading.excepthook = _log_uncaught_in_thread
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "socle.core.log_lines.formatter",
                "service": service,
                "as_json": as_json,
            }
        },
        "filters": {"pages": {"()": "socle.core.logs.PagesOnly"}},
        "handlers": {
            "console": {
                "class": "socle.core.log_lines.LineHandler",
                "formatter": "line",
                "level": "WARNING" if for_person else "INFO",
            }
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": _loggers(),
    }


def _loggers() -> dict[str, dict[str, Any]]:
    loggers: dict[str, dict[str, Any]] = {
        name: {"handlers": [], "propagate": True} for name in HANDED_ON
    }
    for name, level in LEVELS.items():
        loggers.setdefault(name, {})["level"] = level
    loggers["gunicorn.access"]["filters"] = ["pages"]
    return loggers


def _set_up_structlog() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *CHAIN,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


class PagesOnly(logging.Filter):
    """Of gunicorn's lines, which there are in LOCAL alone: not of files and probes."""

    def filter(self, record: logging.LogRecord) -> bool:
        path = record.args.get("U", "") if isinstance(record.args, Mapping) else ""
        return not str(path).startswith(("/static/", "/media/", "/health/"))


def _log_uncaught(kind, error, traceback) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    logging.getLogger("python").critical(
        "The process ends by an exception that nobody caught: %s",
        error,
        exc_info=(kind, error, traceback),
    )


def _log_uncaught_in_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is None:
        return
    name = ended.thread.name if ended.thread else "?"
    logging.getLogger("python").error(
        "The thread %s ended by an exception that nobody caught: %s",
        name,
        ended.exc_value,
        exc_info=(ended.exc_type, ended.exc_value, ended.exc_traceback),
    )
