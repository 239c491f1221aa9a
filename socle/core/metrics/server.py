"""
The process that answers Prometheus, beside gunicorn's workers.

gunicorn's child keeps it and does nothing else; it is a child of that one, so that it
can be killed and is there again.
"""

import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

logger = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
SLOW_SECONDS = 10  # for a client that connects and says nothing


class Handler(BaseHTTPRequestHandler):
    timeout = SLOW_SECONDS
    server: "MetricsServer"

    def do_GET(self):
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        page = generate_latest(self.server.registry)
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE_LATEST)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_words: Any) -> None:
        """A line each quarter of a minute would say nothing."""


class MetricsServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 16

    def __init__(self, port: int, registry: CollectorRegistry):
        super().__init__(("", port), Handler)
        self.registry = registry
        self._parent = os.getppid()

    def service_actions(self):
        """Nobody else ends it when its keeper is gone."""
        if os.getppid() != self._parent:
            raise SystemExit

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger.debug("A scrape was broken off.", exc_info=True)


def site_registry() -> CollectorRegistry:
    """What gunicorn's workers counted, and what the collectors of the settings say."""
    from django.conf import settings

    from socle.core.metrics.collecting import SiteCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    registry.register(SiteCollector(settings.METRICS_COLLECTORS))
    return registry


def serve(port: int) -> None:
    """Does not return while the parent lives. May raise OSError."""
    import django

    django.setup()
    server = MetricsServer(port, site_registry())
    logger.info("Metrics are served at port %s, path /metrics.", port)
    server.serve_forever(poll_interval=LOOK_SECONDS)


def keep(port: int) -> None:
    """Serve in a child, and in another one if that ends, while the parent lives."""
    parent = os.getppid()
    while os.getppid() == parent:
        child = _fork(lambda: serve(port))
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if os.getppid() != parent:  # gunicorn was killed
                return  # the child sees that this one is gone
            time.sleep(LOOK_SECONDS)
        time.sleep(LOOK_SECONDS)


def start(port: int, *, signals: list[int], listeners: list[Any]) -> int:
    """
    The pid of a child that keeps metrics served.

    signals, listeners:  gunicorn's, which the child gives up: visitors are not its own.
    """

    def begin() -> None:
        for number in signals:
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        for listener in listeners:
            with suppress(OSError):
                listener.sock.close()
        keep(port)

    return _fork(begin)


def _fork(work: Callable[[], None]) -> int:
    """The pid of a child that does `work` and ends, whatever happens in it."""
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
    except SystemExit:
        pass
    except BaseException:
        logger.exception("Metrics are not served.")
    finally:
        os._exit(0)
