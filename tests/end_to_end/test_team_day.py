"""What a team does all day: stop, start, restart, run, look into logs, edit."""

import time

import pytest
from clone import own, owner
from waiting import wait_until

KILLED = 137


@pytest.fixture
def edit(stack):
    """Appends to a file of the copy, and takes it away again after the test."""
    before = {}

    def append(name: str, text: str) -> None:
        path = stack.folder / name
        before.setdefault(path, path.read_text())
        path.write_text(before[path] + text)
        own(path)

    yield append
    for path, text in before.items():
        path.write_text(text)
        own(path)


def exit_statuses(stack) -> dict[str, int]:
    listed = stack.compose("ps", "--all", "--format", "{{.Service}} {{.ExitCode}}")
    pairs = (line.split() for line in listed.stdout.splitlines())
    return {service: int(status) for service, status in pairs}


def test_stop_kills_nobody_and_start_keeps_everything(stack, admin, gallery):
    started = time.monotonic()
    stack.compose("stop")

    assert time.monotonic() - started < 40
    statuses = exit_statuses(stack)
    assert KILLED not in statuses.values(), statuses

    stack.compose("start")
    stack.wait_until_ready()
    assert admin.photos(gallery) == {}  # still signed in, the gallery is still there


def test_restart_ends_with_every_service_healthy(stack):
    stack.compose("restart")

    stack.compose("up", "--detach", "--wait", "--no-recreate")
    stack.wait_until_ready()


def test_run_web_gives_output_and_exit_status_of_the_command(stack):
    done = stack.compose("run", "--rm", "-T", "web", "python", "manage.py", "check")
    assert "no issues" in done.stdout

    code = "raise SystemExit(7)"
    failed = stack.compose(
        "run", "--rm", "-T", "web", "python", "-c", code, check=False
    )
    assert failed.returncode == 7, failed.stderr


def test_logs_web_shows_the_requests(stack):
    stack.visitor().get("/health/live?seen-in-the-log")

    wait_until(
        lambda: "seen-in-the-log" in stack.logs("web", tail=50),
        within=5,
        what="the request is in the log",
    )


def test_an_edit_of_a_python_file_shows_up(stack, edit):
    edit(
        "web/config/health.py",
        '\n\ndef live(_request):\n    return HttpResponse("edited")\n',
    )

    wait_until(
        lambda: stack.visitor().get("/health/live").text == "edited",
        within=20,
        what="the edited answer",
    )


def test_an_edit_of_a_python_file_reaches_the_worker(stack, edit):
    before = stack.logs("worker").count(" ready.")
    edit("web/gallery/tasks.py", "\n# edited\n")

    wait_until(
        lambda: stack.logs("worker").count(" ready.") > before,
        within=30,
        what="the worker has started anew",
    )


def test_an_edit_of_a_frontend_file_shows_up(stack, edit):
    edit("web/frontend/src/main.tsx", '\ndocument.title += "edited by a test";\n')

    wait_until(
        lambda: (
            "edited by a test" in stack.visitor().get("/static/frontend/main.js").text
        ),
        within=30,
        what="the built frontend has the edit",
    )


def test_files_that_containers_write_belong_to_the_user(stack):
    command = ("python", "manage.py", "startapp", "shop")
    stack.compose("run", "--rm", "-T", "web", *command)
    made = stack.folder / "web/shop"

    others = [
        path
        for path in [stack.folder, *stack.folder.rglob("*")]
        if path.lstat().st_uid != owner()
    ]
    assert others == []
    assert (made / "models.py").exists()
    assert (stack.folder / "web/frontend/dist/manifest.json").exists()
    stack.inside("web", "rm", "-r", "/app/shop")


def test_a_second_installation_keeps_what_is_there(stack, admin, gallery):
    env = (stack.folder / ".env").read_text()
    password = stack.admin.password

    done = stack.run("./install_docker.sh", timeout=300)

    assert (stack.folder / ".env").read_text() == env
    assert stack.admin.password == password
    assert password not in done.stdout + done.stderr
    assert admin.photos(gallery) == {}
