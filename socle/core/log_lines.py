"""How a line of the log is made, and how it gets out whole."""

import fcntl
import logging
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from io import StringIO
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, ExcInfo

from socle.core.redaction import without_secrets

# Of what is given as `extra`: Django gives whole requests there.
EXTRAS = ["status_code", "run"]
FIRST = ("time", "level", "service", "event", "request_id", "logger")


class LineHandler(logging.Handler):
    """
    Writes each line to stderr at once, and alone.

    Of a line that does not fit into the pipe, because who reads it is slow, a part is
    written later, and another process may come in between: hence a lock of them all.
    """

    def emit(self, record: logging.LogRecord) -> None:
        try:
            write_line(self.format(record))
        except Exception:
            self.handleError(record)


def write_line(line: str) -> None:
    try:
        descriptor = sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):  # replaced, by a test
        sys.stderr.write(f"{line}\n")
        return
    locked = _lock(descriptor, fcntl.LOCK_EX)
    try:
        rest = f"{line}\n".encode(errors="backslashreplace")
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        if locked:
            _lock(descriptor, fcntl.LOCK_UN)


def _lock(descriptor: int, how: int) -> bool:
    """Not every kind of file knows locks; without one it is written all the same."""
    try:
        fcntl.lockf(descriptor, how)
    except OSError:
        return False
    return True


def formatter(*, service: str, as_json: bool) -> logging.Formatter:
    """For lines of the standard library and of structlog alike."""
    rendering = in_json(service) if as_json else in_words()
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=CHAIN,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *rendering,
        ],
    )


def add_time(_logger: Any, _method: str, line: EventDict) -> EventDict:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line["time"] = now.replace("+00:00", "Z")
    return line


def scrub(_logger: Any, _method: str, line: EventDict) -> EventDict:
    return {key: clean(value) for key, value in line.items()}


def clean(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean(inner) for inner in value]
    return without_secrets(str(value))


# Of every line, on the thread that logs it
CHAIN: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(allow=EXTRAS),
    add_time,
    structlog.processors.StackInfoRenderer(),
]


def in_json(service: str) -> list[Callable]:
    def name_service(_logger: Any, _method: str, line: EventDict) -> EventDict:
        line.setdefault("request_id", "")
        line["service"] = service
        return line

    return [name_service, structlog.processors.format_exc_info, scrub, dump]


def dump(_logger: Any, _method: str, line: EventDict) -> str:
    first = {key: line.pop(key, "") for key in FIRST}
    return orjson.dumps({**first, **line}).decode()


def in_words() -> list[Callable]:
    colours = sys.stderr.isatty() or bool(os.environ.get("FORCE_COLOR"))
    columns = structlog.dev.ConsoleRenderer(
        colors=colours and not os.environ.get("NO_COLOR"),
        timestamp_key="time",
        pad_event_to=0,
        exception_formatter=write_traceback,
    )
    return [short_time, scrub_words, columns]


def write_traceback(output: TextIO, exc_info: ExcInfo) -> None:
    whole = StringIO()
    structlog.dev.plain_traceback(whole, exc_info)
    output.write(without_secrets(whole.getvalue()))


def short_time(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """In the zone of the person who reads along."""
    line["time"] = datetime.now().strftime("%H:%M:%S.%f")[:-3]
    return line


def scrub_words(logger: Any, method: str, line: EventDict) -> EventDict:
    exception = line.pop("exc_info", None)
    scrubbed = scrub(logger, method, line)
    return scrubbed if exception is None else {**scrubbed, "exc_info": exception}
