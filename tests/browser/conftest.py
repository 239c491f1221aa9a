import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from running_site import WEB, running_site
from visitor import PHONE, Visitor

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
COPIED_SECONDS = 5 * 60  # of the ten minutes that an access token is good
ARTEFACTS = WEB.parent / "artefacts" / "browser"


@pytest.fixture(scope="session")
def browser():
    if not Path(CHROMIUM).exists():
        pytest.skip(
            f"There is no Chromium at {CHROMIUM}. Install it (apt-get install "
            "chromium) or name it in the variable CHROMIUM."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(browser):  # no browser: no need to start a site
    if not (WEB / "frontend" / "dist" / "manifest.json").exists():
        pytest.fail(
            "The frontend is not built. In web/frontend: npm ci && npm run build"
        )
    folder = Path(tempfile.mkdtemp(prefix="socle-browser-"))
    try:
        with running_site(folder) as site:
            yield site
    finally:
        keep_logs(folder / "logs")
        shutil.rmtree(folder, ignore_errors=True)


def keep_logs(logs):
    if logs.is_dir():
        shutil.copytree(logs, ARTEFACTS / "logs", dirs_exist_ok=True)


@pytest.fixture(scope="session")
def sessions():
    """
    The cookies of whoever signed in before, by e-mail: signing in takes seconds.

    Each with the time: copies of a refresh token that was exchanged in the meantime
    would end the sign-in, so copies are made of young ones only.
    """
    return {}


@pytest.fixture
def open_visitor(browser, site, sessions):
    """Call it for a visitor with a window of their own; none may see an error."""
    visitors = []

    def open_one(person=None, **options):
        at, cookies = sessions.get(person.email, (0, None)) if person else (0, None)
        is_young = time.monotonic() - at < COPIED_SECONDS and cookies
        visitor = Visitor.arrive(
            browser,
            site,
            artefacts=ARTEFACTS,
            storage_state=cookies if is_young else None,
            **options,
        )
        visitors.append(visitor)
        if is_young:
            visitor.page.goto("/")
        elif person:
            visitor.sign_in(person)
            state = visitor.page.context.storage_state()
            sessions[person.email] = time.monotonic(), state
        return visitor

    yield open_one
    for visitor in visitors:
        visitor.page.context.close()
    assert [error for visitor in visitors for error in visitor.errors] == []


@pytest.fixture
def photographer(open_visitor, site):
    return open_visitor(site.photographer)


@pytest.fixture
def phone(open_visitor, site):
    return open_visitor(site.photographer, **PHONE)
