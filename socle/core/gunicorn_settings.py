"""gunicorn's settings; web/config/gunicorn.conf.py takes them over and may add some."""

import os
from pathlib import Path

from socle.core.gunicorn_logs import SiteLogger
from socle.core.gunicorn_workers import worker_count
from socle.core.metrics.gunicorn_hooks import hooks

_reload = os.environ.get("WEB_RELOAD", "0") == "1"

bind = f"{os.environ.get('WEB_HOST', '0.0.0.0')}:{os.environ.get('WEB_PORT') or 8000}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS") or worker_count())
threads = int(os.environ.get("WEB_THREADS") or 4)
timeout = 120
graceful_timeout = 120  # nginx gives a request up after 110
keepalive = 75  # longer than nginx keeps its side, so that nginx closes first
max_requests = 5000
max_requests_jitter = 500
control_socket_disable = True  # signals are enough, and the image is read-only
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
accesslog = "-" if _reload else None  # elsewhere nginx writes it
access_log_format = "%(m)s %(U)s %(s)s in %(L)s s"
errorlog = "-"
logger_class = SiteLogger
preload_app = not _reload  # a code change needs workers that import for themselves
reload = _reload
# A new build of the frontend has new file names: read its manifest again.
reload_extra_files = [
    str(path)
    for path in [Path("frontend/dist/manifest.json").resolve()]
    if _reload and path.exists()
]
# A process beside the workers tells Prometheus, at a port that nginx does not know.
globals().update(hooks(int(os.environ.get("METRICS_PORT") or 0)))
