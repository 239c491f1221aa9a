"""A day with LOCAL: save and look, make a migration, stop, go on tomorrow."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from clone import own, owner
from photos import jpeg
from visitor import facts_of
from waiting import wait_until

SHOWS_WITHIN_SECONDS = 60
SCRIPT = re.compile(r'src="(/static/[^"]+\.js)"')


@contextmanager
def edited(stack, name: str, old: str, new: str) -> Iterator[None]:
    """As an editor saves it: a new file, put in the place of the old one."""
    file = stack.folder / name
    before = file.read_text()
    assert old in before, f"{name} has no {old!r}"
    save(file, before.replace(old, new, 1))
    try:
        yield
    finally:
        save(file, before)


def save(file: Path, text: str) -> None:
    draft = file.with_name(f".{file.name}.new")
    draft.write_text(text)
    own(draft)
    draft.replace(file)


def test_a_saved_python_file_shows_up_in_the_site(stack):
    nobody = stack.visitor()
    web = stack.started_at("web")

    with edited(stack, "socle/core/health/views.py", '"alive"', '"alive and edited"'):
        wait_until(
            lambda: nobody.get("/health/live").text == "alive and edited",
            within=SHOWS_WITHIN_SECONDS,
            what="the edited view answers",
        )
    wait_until(
        lambda: nobody.get("/health/live").text == "alive",
        within=SHOWS_WITHIN_SECONDS,
        what="the view answers as before",
    )
    assert stack.started_at("web") == web, "the container was restarted for it"


def test_a_saved_python_file_shows_up_in_the_worker(stack, admin, gallery):
    worker = stack.started_at("worker")
    with edited(
        stack, "web/gallery/tasks.py", '"outcome": "ready"', '"outcome": "edited"'
    ):
        seeds = iter(range(6100, 6200))

        def edited_result():
            name = f"edited{next(seeds)}.jpg"
            admin.upload(gallery, {name: jpeg(200, 100, seed=int(name[6:10]))})
            admin.ready_photos(gallery, within=60)
            return "'outcome': 'edited'" in stack.logs("worker", tail=200)

        wait_until(
            edited_result,
            within=2 * SHOWS_WITHIN_SECONDS,
            what="the worker says the edited task's result",
        )
    assert stack.started_at("worker") == worker, "the container was restarted for it"


def script_of(admin, slug: str) -> str:
    """The address of the page's own script."""
    page = admin.get(f"/galleries/{slug}/")
    assert page.status_code == 200, page.status_code
    found = SCRIPT.search(page.text)
    assert found, f"the page names no script: {page.text[:1500]}"
    return found[1]


def test_a_saved_frontend_file_shows_up_in_the_page(stack, admin, gallery):
    source = (stack.folder / "web/frontend/src/main.tsx").read_text()

    def built():
        address = script_of(admin, gallery)
        answer = admin.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
        assert "max-age=0" in answer.headers["Cache-Control"], "browsers would keep it"
        return "seen by the test" in answer.text

    line = 'console.info("seen by the test");\n'
    with edited(stack, "web/frontend/src/main.tsx", source, source + line):
        wait_until(
            built, within=2 * SHOWS_WITHIN_SECONDS, what="the page's script is rebuilt"
        )
    wait_until(
        lambda: not built(),
        within=2 * SHOWS_WITHIN_SECONDS,
        what="the page's script is the one of before",
    )


def test_what_containers_write_into_the_tree_belongs_to_its_user(stack):
    command = ["python", "manage.py", "makemigrations", "--empty", "gallery"]
    stack.compose("run", "--rm", "-T", "web", *command, "-n", "probe")
    (migration,) = (stack.folder / "web/gallery/migrations").glob("*_probe.py")
    try:
        foreign = {
            str(path.relative_to(stack.folder)): path.lstat().st_uid
            for path in stack.folder.rglob("*")
            if path.lstat().st_uid != owner()
        }
        assert not foreign, "these belong to somebody else"
        assert (stack.folder / "web/frontend/dist/manifest.json").is_file()
    finally:
        migration.unlink()


def test_logs_show_what_the_site_does(stack):
    stack.visitor().get("/galleries/the-test-of-logs/?token=secret")

    line = "GET /galleries/the-test-of-logs/ 404 in "
    wait_until(
        lambda: line in stack.logs("web", tail=50), within=10, what="it is logged"
    )
    assert "token=secret" not in stack.logs("web", "nginx", tail=50)


def test_commands_run_beside_the_site(stack):
    command = ["python", "manage.py", "migrate", "--check"]
    stack.compose("run", "--rm", "-T", "web", *command)

    left = stack.run("docker", "ps", "-aq", "--filter", f"name={stack.project}-web-run")
    assert left.stdout == ""


@pytest.mark.parametrize("commands", [["restart"], ["stop", "start"]])
def test_the_stack_stops_and_goes_on(stack, admin, gallery, commands):
    admin.upload(gallery, {"kept.jpg": jpeg(seed=71)})
    before = admin.ready_photos(gallery)

    for command in commands:
        stack.compose(command, timeout=120)
        if command == "stop":
            assert killed(stack) == [], "these did not end when they were told to"
    stack.wait_until_ready(within=60)

    assert facts_of(admin.photos(gallery)) == facts_of(before)
    admin.upload(gallery, {"next.jpg": jpeg(seed=72)})
    admin.ready_photos(gallery)


def killed(stack) -> list[str]:
    """Services that the engine had to kill, because their time to stop was over."""
    listed = stack.compose("ps", "--all", "--format", "{{.Service}} {{.ExitCode}}")
    return [line for line in listed.stdout.splitlines() if line.endswith(" 137")]
