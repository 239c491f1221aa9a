"""The real site for the browser: nginx, gunicorn, a worker and what they need."""

import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path

WEB = Path(__file__).resolve().parents[2] / "web"
sys.path.insert(0, str(WEB))

from socle.embedded.nginx import Nginx  # noqa: E402
from socle.embedded.postgres import site_role  # noqa: E402
from socle.embedded.process_wrappers import tied  # noqa: E402
from socle.embedded.testing import free_port, running, running_services  # noqa: E402

UPLOAD_LIMIT_MB = 100
START_SECONDS = 60
ROLES = ("admin", "photographer", "member", "moderator", "operator", "staff")
MAKE_USERS = """
from accounts.models import User
from django.contrib.auth.models import Group
for role, (email, password) in {people!r}.items():
    user = User.objects.create_user(email, password, is_staff=role == "staff")
    user.groups.set(Group.objects.filter(name=role))
"""


@dataclass(frozen=True)
class Person:
    email: str
    password: str


@dataclass(frozen=True)
class Site:
    url: str
    admin: Person
    photographer: Person
    member: Person
    moderator: Person
    operator: Person
    staff: Person  # may open the admin, and has no role
    worker: subprocess.Popen
    logs: Path
    environment: dict[str, str]

    def python(self, code: str) -> subprocess.Popen:
        """Runs `code` in the site's own surroundings; it may wait for its stdin."""
        return subprocess.Popen(
            tied([sys.executable, "manage.py", "shell", "--command", code]),
            cwd=WEB,
            env=self.environment,
            stdin=subprocess.PIPE,
        )

    def run(self, code: str) -> None:
        """As `python`, to its end."""
        process = self.python(code)
        process.communicate(timeout=120)
        assert process.returncode == 0, code

    def manage(self, *arguments: str) -> None:
        """As the owner of the database, as cron is."""
        manage(*arguments, environment=self.environment)

    @contextmanager
    def paused_worker(self) -> Iterator[None]:
        """Photos stay *waiting* inside the block: nobody takes them from the broker."""
        self.worker.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.worker.send_signal(signal.SIGCONT)


@contextmanager
def running_site(folder: Path, **variables: str) -> Iterator[Site]:
    """
    Start everything in `folder` (a short path), with somebody of each role. web and
    worker have the site's role in the database, as everywhere.

    variables: of the environment, where it shall not be as tests need it.
    """
    with ExitStack() as stack:
        services = stack.enter_context(running_services(folder))
        nginx_port, web_port, flower_port = free_port(), free_port(), free_port()
        url = f"http://127.0.0.1:{nginx_port}"
        environment = os.environ | services | site_environment(url=url, port=web_port)
        environment["JOBS_FOLDER"] = str(folder / "jobs")
        environment |= variables
        logs = folder / "logs"
        logs.mkdir()
        manage("migrate_site", environment=environment)
        people = make_people(environment)
        Path(environment["WORKER_HEARTBEAT_FILE"]).unlink(missing_ok=True)
        gunicorn = [program("gunicorn"), "-c", "config/gunicorn.conf.py", "config.wsgi"]
        worker = [sys.executable, "manage.py", "run_worker"]
        run = (logs, environment | site_role(environment))
        web_process = stack.enter_context(process("web", gunicorn, *run))
        worker_process = stack.enter_context(process("worker", worker, *run))
        flower_run = (logs, flower_environment(environment))
        flower_process = stack.enter_context(
            process("flower", flower_command(flower_port), *flower_run)
        )
        nginx = Nginx(
            folder=folder / "nginx",
            port=nginx_port,
            web_port=web_port,
            flower_port=flower_port,
            media=Path(environment["MEDIA_ROOT"]),
            environment=environment,
        )
        stack.enter_context(running(nginx, "nginx", log=logs / "nginx.log"))
        wait_for(lambda: answers(f"{url}/health/ready"), web_process, logs / "web.log")
        heartbeat = Path(environment["WORKER_HEARTBEAT_FILE"])
        wait_for(heartbeat.exists, worker_process, logs / "worker.log")
        flower_knows = partial(knows_queues, f"http://127.0.0.1:{flower_port}")
        wait_for(flower_knows, flower_process, logs / "flower.log")
        yield Site(
            url=url,
            worker=worker_process,
            logs=logs,
            environment=environment,
            **people,
        )


def site_environment(*, url: str, port: int) -> dict[str, str]:
    return {
        "DEBUG": "0",  # the error pages are ours, not Django's
        "SITE_URL": url,
        "MEDIA_BY_NGINX": "1",
        "WEB_HOST": "127.0.0.1",
        "WEB_PORT": str(port),
        "WEB_RELOAD": "0",
        "UPLOAD_LIMIT_MB": str(UPLOAD_LIMIT_MB),
        "FLOWER_URL": "/flower/",
        "WORKER_CONCURRENCY": "2",
    }


def flower_command(port: int) -> list[str]:
    address = ["--address=127.0.0.1", f"--port={port}", "--url-prefix=flower"]
    return [sys.executable, "-m", "celery", "--app=config", "flower", *address]


def flower_environment(environment: dict[str, str]) -> dict[str, str]:
    """What it has in its container: the queue, and no sign-in of its own."""
    of_the_site = {"SECRET_KEY", "POSTGRES_PASSWORD", "POSTGRES_SITE_PASSWORD"}
    of_the_site |= {"MEDIA_LINK_KEY", "FLOWER_BASIC_AUTH"}
    kept = {name: environment[name] for name in environment.keys() - of_the_site}
    return kept | {"QUEUE_ONLY": "1", "FLOWER_UNAUTHENTICATED_API": "true"}


def make_people(environment: dict[str, str]) -> dict[str, Person]:
    people = {
        role: Person(f"{role}@example.com", secrets.token_urlsafe(12)) for role in ROLES
    }
    admin = people["admin"]
    password = {"ADMIN_PASSWORD": admin.password}
    create_admin = ["create_admin", "--email", admin.email]
    manage(*create_admin, environment=environment | password)
    others = {role: astuple(people[role]) for role in people if role != "admin"}
    code = MAKE_USERS.format(people=others)
    manage("shell", "--command", code, environment=environment)
    return people


def manage(*arguments: str, environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(
        command, cwd=WEB, env=environment, check=True, capture_output=True, text=True
    )


def program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@contextmanager
def process(
    name: str, command: list[str], logs: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen]:
    with (logs / f"{name}.log").open("wb") as log:
        started = subprocess.Popen(
            tied(command),
            cwd=WEB,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for pytest, which stops us in order
        )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def wait_for(is_ready, started: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        ended = started.poll() is not None
        if ended or time.monotonic() > deadline:
            what = "ended" if ended else f"was not ready after {START_SECONDS} s"
            raise RuntimeError(f"{log.stem} {what}:\n{log.read_text()[-3000:]}")
        time.sleep(0.1)


def knows_queues(flower: str) -> bool:
    """Flower asks the worker and waits a second: one that just started is later."""
    url = f"{flower}/flower/api/workers?refresh=1"
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return b"active_queues" in response.read()
    except (urllib.error.URLError, OSError):
        return False


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False
