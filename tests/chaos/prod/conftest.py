"""
PROD under a steady load, while bad things are done to it: ./run_tests.sh --reliability

Each test is a case with a promise, and a row of docs/reliability.md.
"""

import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY / "tests/end_to_end"))

from attackers import Attackers  # noqa: E402
from case import Case, Promise  # noqa: E402
from prod_site import Site, prod_site, running_site  # noqa: E402
from progress import Terminal  # noqa: E402
from table import machine, update  # noqa: E402

TABLE = REPOSITORY / "docs/reliability.md"
CASES = pytest.StashKey[list[Case]]()

# nginx' own certificate is no one's; a warning for each request helps nobody.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


def pytest_addoption(parser):
    help_ = "write how the cases went into docs/reliability.md"
    parser.addoption("--rows", action="store_true", help=help_)
    help_ = "the folder of a stack of an earlier run that still runs: start none"
    parser.addoption("--stack", type=Path, help=help_)


def pytest_configure(config):
    config.stash[CASES] = []


def pytest_sessionstart(session):
    plugins = session.config.pluginmanager
    Terminal.reporter = plugins.getplugin("terminalreporter")
    Terminal.capture = plugins.getplugin("capturemanager")


def pytest_sessionfinish(session):
    config, cases = session.config, session.config.stash[CASES]
    chosen = config.getoption("keyword") or config.getoption("markexpr")
    all_files = all(Path(place).is_dir() for place in config.args)
    ended = session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
    write_rows(config, cases, is_whole=bool(not chosen and all_files and ended))


def write_rows(config, cases: list[Case], *, is_whole: bool) -> None:
    if not config.getoption("rows") or not cases:
        return
    chosen = config.getoption("keyword")
    words = ["./run_tests.sh", "--reliability", *(["-k", chosen] if chosen else [])]
    run = f"Last run: `{shlex.join(words)}` on {machine()}."
    rows = [case.row() for case in cases]
    TABLE.write_text(update(TABLE.read_text(), rows, is_whole=is_whole, run=run))


@pytest.fixture(scope="session")
def site(pytestconfig) -> Iterator[Site]:
    folder = pytestconfig.getoption("--stack")
    if folder:
        yield running_site(folder)
        return
    with prod_site() as site:
        yield site


@pytest.fixture(scope="session")
def attackers(site) -> Attackers:
    made = Attackers(site)
    made.build()
    return made


@pytest.fixture
def case(site, request, pytestconfig) -> Callable[[str, Promise], Case]:
    """Makes the test's case, of which the table tells."""

    def make(name: str, promise: Promise) -> Case:
        made = Case(name, promise, site)
        for stash in (pytestconfig.stash, request.node.stash):
            stash.setdefault(CASES, []).append(made)
        return made

    return make


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    site = item.funcargs.get("site") if hasattr(item, "funcargs") else None
    if report.failed:
        for made in item.stash.get(CASES, []):
            made.broken.append(str(call.excinfo.value)[:200])
    if report.when == "teardown":  # a run that is ended early has its rows as well
        write_rows(item.config, item.stash.get(CASES, []), is_whole=False)
    if report.when == "call" and report.failed and site:
        logs = site.stack.logs("nginx", "web", "worker", "postgres", "redis", tail=6)
        report.sections.append(("docker compose logs", logs))
