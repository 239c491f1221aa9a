import importlib.util
import subprocess
import sys
from collections.abc import Iterator

import pytest
from clone import REPOSITORY
from installation import installed
from progress import Terminal
from stack import Stack
from visitor import Person, Visitor


def load_photos():
    """web/gallery/tests/photos.py, without Django around it."""
    path = REPOSITORY / "web/gallery/tests/photos.py"
    spec = importlib.util.spec_from_file_location("photos", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["photos"] = module
    spec.loader.exec_module(module)


load_photos()


def pytest_collection_modifyitems(items):
    """`-m dev` and `-m "not dev"` need no stack in common: both may run at once."""
    for item in items:
        if "dev" in item.fixturenames:
            item.add_marker("dev")


def pytest_sessionstart(session):
    plugins = session.config.pluginmanager
    Terminal.reporter = plugins.getplugin("terminalreporter")
    Terminal.capture = plugins.getplugin("capturemanager")


@pytest.fixture(scope="session")
def engine() -> None:
    asked = subprocess.run(["docker", "info"], capture_output=True, text=True)
    if asked.returncode != 0:
        pytest.fail(
            "The end-to-end suite needs a Docker engine, and none answers: "
            f"{asked.stderr.strip()[-300:]}"
        )


@pytest.fixture(scope="session")
def stack(engine) -> Iterator[Stack]:
    with installed("socletest") as stack:
        yield stack


@pytest.fixture(scope="session")
def dev(engine) -> Iterator[Stack]:
    """PROD's images behind TLS, as DEV."""
    with installed("socletesttls", stage="dev") as stack:
        yield stack


@pytest.fixture(scope="session")
def member(stack) -> Person:
    return stack.make_person("member", staff=False)


@pytest.fixture
def admin(stack) -> Visitor:
    return stack.visitor(stack.admin)


@pytest.fixture
def gallery(admin, request) -> str:
    """The slug of a gallery for this test alone."""
    return admin.create_gallery(request.node.name.removeprefix("test_")[:100])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    stack = item.funcargs.get("stack") if hasattr(item, "funcargs") else None
    if report.when == "call" and report.failed and stack:
        services = ("nginx", "web", "worker", "cron")
        report.sections.append(("docker compose logs", stack.logs(*services, tail=12)))
