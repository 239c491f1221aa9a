"""What visitors get while a restore swaps the database and the media."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import psycopg2
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from socle.backups.exceptions import AlreadyRunning, BackupError
from socle.backups.postgres.connection import Database
from socle.backups.swap.swap_journal import journal_path
from socle.backups.swap.swap_recovery import alone
from socle.core import context

logger = logging.getLogger(__name__)

RETRY_SECONDS = 2
SETTLE_EVERY_SECONDS = 2.0
# Clocks of file systems run a few milliseconds late.
SLACK_NS = 1_000_000_000
# What a swap does to a request: its connection is closed, its files are elsewhere.
OF_A_SWAP = (DatabaseError, InterfaceError, psycopg2.Error, OSError)
SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
ALIVE = "/health/live"  # asks whether the process lives, and it does


class SwapMiddleware:
    """
    503 with Retry-After while a swap is going on. Without one it costs a `stat`.

    A request that had begun before and broke because the swap closed its connection
    gets the same instead of a 500, and so does one that has changed something: it went
    into the old database, and whoever sent it is to send it again. A swap that was
    killed is settled from here.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self._get_response = get_response
        self._media = Path(settings.MEDIA_ROOT)
        self._settler = Settler(SwappedParts(Database.from_settings(), self._media))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info == ALIVE:
            return self._get_response(request)
        if self._is_swapping() and not self._settler.settled():
            return busy(request)
        began_ns = time.time_ns()
        request.swap_began_ns = began_ns  # type: ignore[attr-defined]
        response = self._get_response(request)
        if response.status_code == 500 and self._was_swapped(since_ns=began_ns):
            return busy(request)
        if self._is_lost(request, response):
            return busy(request)
        return response

    def _is_lost(self, request: HttpRequest, response: HttpResponseBase) -> bool:
        """What it has changed is in the database that is being replaced."""
        changes = request.method not in SAFE and response.status_code < 400
        return changes and self._is_swapping()

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """Before it is logged as an error of the site, which it is not."""
        began_ns = getattr(request, "swap_began_ns", None)
        if began_ns is None or not isinstance(exception, OF_A_SWAP):
            return None
        if not self._was_swapped(since_ns=began_ns):
            return None
        logger.warning("%s met a swap: %r", request.path_info, exception)
        return busy(request)

    def _is_swapping(self) -> bool:
        return journal_path(self._media).exists()

    def _was_swapped(self, *, since_ns: int) -> bool:
        """The journal's coming and going and the renames change the folder."""
        try:
            changed_ns = self._media.parent.stat().st_mtime_ns
        except OSError:
            return False
        return self._is_swapping() or changed_ns >= since_ns - SLACK_NS


@dataclass(frozen=True)
class SwappedParts:
    """As much of a Site as a swap exchanges: no store, no keys."""

    database: Database
    media_root: Path


class Settler:
    """Settles a killed swap, in one thread of this process at a time."""

    def __init__(
        self, live: SwappedParts, *, clock: Callable[[], float] = time.monotonic
    ):
        self._live = live
        self._clock = clock
        self._busy = Lock()
        self._tried_at = float("-inf")

    def settled(self) -> bool:
        """False while somebody else swaps, settles, or nobody can."""
        if not self._busy.acquire(blocking=False):
            return False
        try:
            now = self._clock()
            if now - self._tried_at < SETTLE_EVERY_SECONDS:
                return False
            self._tried_at = now
            return self._settle()
        finally:
            self._busy.release()

    def _settle(self) -> bool:
        try:
            with alone(self._live, purpose="settle"):
                return True
        except AlreadyRunning:
            return False  # the restore is at work
        except (BackupError, psycopg2.Error, OSError) as error:
            logger.error("A killed swap cannot be settled: %s", error)
            return False


def busy(request: HttpRequest) -> HttpResponse:
    response: HttpResponse
    if _wants_json(request):
        response = JsonResponse(
            {
                "type": "about:blank",
                "title": "Service Unavailable",
                "status": 503,
                "detail": "A backup is being restored. Try again in a moment.",
                "code": "restoring",
            },
            status=503,
            content_type="application/problem+json",
        )
    else:
        page = {**context.site(), "seconds": RETRY_SECONDS}
        response = HttpResponse(
            render_to_string("backups/restoring.html", page),
            status=503,
        )
    response["Retry-After"] = str(RETRY_SECONDS)
    response["Cache-Control"] = "no-store"
    return response


def _wants_json(request: HttpRequest) -> bool:
    if request.path_info.startswith("/api/"):
        return True
    accepted = request.headers.get("Accept", "")
    return "json" in accepted and "text/html" not in accepted
