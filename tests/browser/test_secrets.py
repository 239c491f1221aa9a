"""No secret of the stack, and no stranger's address, in what any role can open."""

import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pyrage
import pytest
from crawl import Links
from landscapes import landscape
from playwright.sync_api import APIRequestContext, expect
from running_site import ROLES, WEB, Site, process, running_site
from visitor import Visitor

from socle.embedded.binaries import find_binaries
from socle.embedded.testing import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]
STRANGER, GUEST = "somebody@stranger.example", "somebody@invited.example"
MADE = ("SECRET_KEY", "MEDIA_LINK_KEY", "POSTGRES_PASSWORD", "POSTGRES_SITE_PASSWORD")
MADE += ("REDIS_PASSWORD", "AWS_SECRET_ACCESS_KEY")
# Besides what a page names. Nothing is left out but what comes as a file.
LINK = re.compile(r'"(/[a-z][^"#\s<>{}\\]*)"')
NOT_OPENED = re.compile(r"^/(?:static|media|downloads)/|/static/|/download/$")
SCHEMA = (WEB / "frontend/src/api/openapi.yml").read_text()
BESIDE = [
    *("/", "/health/ready", "/health/live", "/nothing/", "/api/schema/", "/admin/"),
    *re.findall(r"^  (/api/[^{\s]*):$", SCHEMA, re.MULTILINE),
]
FLOWER = ("", "workers", "broker", "tasks", "api/workers?refresh=1", "api/tasks")
FLOWER += ("api/workers?status=1", "api/task/types", "api/queues/length", "metrics")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ROWS = "draw=1&start=0&length=100&order[0][column]=0&columns[0][data]=received"
FAIL = "from gallery.tasks import make_renditions; make_renditions.delay('no photo')"


def known_values() -> dict[str, str]:
    """Each secret by its name; none is like what stands somewhere anyway."""
    names = (*MADE, "EMAIL_URL", "SENTRY_DSN", "FLOWER_BASIC_AUTH", "TYPED_PASSWORD")
    values = {name: f"known{secrets.token_hex(12)}" for name in names}
    return values | {"BACKUP_ENCRYPTION_KEY": str(pyrage.x25519.Identity.generate())}


@pytest.fixture(scope="module")
def known() -> dict[str, str]:
    return known_values()


@pytest.fixture(scope="module")
def metrics_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def guarded_site(browser, known, metrics_port) -> Iterator[Site]:
    folder, redis_port = Path(tempfile.mkdtemp(prefix="socle-secrets-")), free_port()
    try:
        with ExitStack() as stack:
            stack.enter_context(redis(folder, port=redis_port, known=known))
            given = variables(known) | {
                "REDIS_URL": f"redis://127.0.0.1:{redis_port}",
                "METRICS_PORT": str(metrics_port),
            }
            site = stack.enter_context(running_site(folder, **given))
            people = {f"{role}'s password": getattr(site, role) for role in ROLES}
            known |= {name: person.password for name, person in people.items()}
            yield site
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def redis(folder: Path, *, port: int, known: dict[str, str]):
    """One with a password, as in Docker: that of the other tests has a socket alone."""
    settings = folder / "redis.conf"
    password = f"requirepass {known['REDIS_PASSWORD']}"
    settings.write_text(f'port {port}\nbind 127.0.0.1\n{password}\nsave ""\n')
    command = [str(find_binaries().valkey), str(settings), "--dir", str(folder)]
    return process("redis", command, folder, {})


def variables(known: dict[str, str]) -> dict[str, str]:
    """Letters go nowhere, and so does what Sentry would be told."""
    return {
        **{name: known[name] for name in (*MADE, "BACKUP_ENCRYPTION_KEY")},
        "AWS_ACCESS_KEY_ID": "somebody",
        "EMAIL_URL": f"smtp://letters:{known['EMAIL_URL']}@127.0.0.1:1",
        "SENTRY_DSN": f"http://{known['SENTRY_DSN']}@127.0.0.1:1/1",
        "FLOWER_BASIC_AUTH": f"reader:{known['FLOWER_BASIC_AUTH']}",
    }


@pytest.fixture
def visit(browser, guarded_site) -> Iterator[Callable[[str], Visitor]]:
    """Call it for a visitor of a role; "nobody" has none."""
    with ExitStack() as stack:

        def visit(role: str) -> Visitor:
            logs = guarded_site.logs
            visitor = Visitor.arrive(browser, guarded_site, artefacts=logs)
            stack.callback(visitor.page.context.close)
            if role in ROLES:
                visitor.sign_in(getattr(guarded_site, role))
            return visitor

        yield visit


def live(visit: Callable[[str], Visitor], site: Site, *, typed: str) -> None:
    """What a day brings: wrong passwords, letters, a photo, a task that fails."""
    nobody = visit("nobody").page.request
    for address in (STRANGER, site.member.email):
        form = {"email": address, "password": typed}
        assert nobody.post("/api/auth/tokens/", data=form).status in {400, 401}
        asked = nobody.post("/api/account/password-reset/", data={"email": address})
        assert asked.status == 202
    moderator = visit("moderator").page
    moderator.goto("/invitations/")
    moderator.get_by_label("E-mail address").fill(GUEST)
    moderator.get_by_role("button", name="Send the invitation").click()
    expect(moderator.locator("main")).to_contain_text(GUEST)
    photographer = visit("photographer")
    photographer.make_gallery("Camp", visibility="public")
    photographer.upload({"lake.jpg": landscape(1)})
    photographer.expect_ready(1)
    site.run(FAIL)


def text_of(request: APIRequestContext, path: str) -> str:
    answer = request.get(path, max_redirects=5)
    kind = answer.headers.get("content-type", "")
    return answer.text() if re.search("text|json|yaml|openapi", kind) else ""


def everything(request: APIRequestContext, url: str) -> dict[str, str]:
    """Each page and answer by its address, with all that they name in turn."""
    seen, links = {}, Links()
    waiting = [*BESIDE, *(f"/flower/{name}" for name in FLOWER)]
    while waiting:
        path = waiting.pop(0)
        if path in seen or NOT_OPENED.search(path) or not links.is_new(path):
            continue
        seen[path] = text = text_of(request, path)
        waiting += LINK.findall(text.replace(url, ""))
        waiting += [
            f"/flower/worker/{name}" for name in re.findall(r"celery@\w+", text)
        ]
    rows = request.post("/flower/tasks/datatable", data=ROWS, headers=FORM).text()
    seen["/flower/tasks/datatable"] = rows
    for task in re.findall(r'"uuid": "([^"]+)"', rows):
        for path in (
            f"task/{task}",
            f"api/task/info/{task}",
            f"api/task/result/{task}",
        ):
            seen[f"/flower/{path}"] = text_of(request, f"/flower/{path}")
    return seen


def may_know(name: str, *, role: str, path: str) -> bool:
    """Whoever invites sees whom; the admin's pages say who is locked out."""
    if name == "guest":
        return role in {"moderator", "admin"} and not path.startswith("/flower/")
    return name == "stranger" and role == "admin" and path.startswith("/admin/axes/")


def test_no_role_sees_a_secret_or_a_stranger(visit, guarded_site, known, metrics_port):
    live(visit, guarded_site, typed=known["TYPED_PASSWORD"])
    seen = {}
    for role in ("nobody", *ROLES):
        request = visit(role).page.request
        for path, text in everything(request, guarded_site.url).items():
            seen[role, path] = text
    seen["anybody", "metrics"] = text_of(
        request, f"http://127.0.0.1:{metrics_port}/metrics"
    )
    for log in guarded_site.logs.parent.rglob("*.log"):
        seen["log", log.name] = log.read_text(errors="replace")

    assert [
        (role, path, name)
        for (role, path), text in seen.items()
        for name, value in (known | {"stranger": STRANGER, "guest": GUEST}).items()
        if value in text and not may_know(name, role=role, path=path)
    ] == []
    expect_that_all_was_open(seen)


def expect_that_all_was_open(seen: dict[tuple[str, str], str]) -> None:
    """Else the test had looked at nothing."""
    rows = seen["operator", "/flower/tasks/datatable"]
    for word in ("accounts.tasks.send_reset", "FAILURE", "RETRY", "SUCCESS"):
        assert word in rows
    assert "broker_url" in seen["operator", "/flower/api/workers?refresh=1"]
    assert "broker_url" in seen["admin", "/flower/api/workers?refresh=1"]
    assert GUEST in seen["moderator", "/invitations/"]
    assert "lake.jpg" in seen["member", "/galleries/camp/"]
    assert "site_up" in seen["anybody", "metrics"]
    assert "task_failed" in seen["log", "worker.log"]
