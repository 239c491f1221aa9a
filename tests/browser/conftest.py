import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from landscapes import landscape
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


@pytest.fixture(scope="session")
def shown(site):
    """Galleries to look at: public, for members and private, with twelve photos."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(12):
            Path(folder, f"DSC_{4100 + number}.jpg").write_bytes(landscape(number))
        site.run(MAKE_GALLERIES.format(folder=folder, owner=site.photographer.email))
    return "/galleries/autumn-in-the-mountains/"


MAKE_GALLERIES = """
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from accounts.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from gallery.photo_import import accept_uploads
from gallery.models import Gallery, Photo
owner = User.objects.get(email={owner!r})
User.objects.filter(pk=owner.pk).update(first_name="Ansel", last_name="Adams")
files = sorted(Path({folder!r}).iterdir())
def make(name, visibility, first, count, **facts):
    made = Gallery.objects.create(
        owner=owner, name=name, visibility=visibility, **facts
    )
    photos = [
        SimpleUploadedFile(path.name, path.read_bytes())
        for path in files[first : first + count]
    ]
    accept_uploads(made, photos, owner=owner, now=timezone.now())
    return made
make("Drafts", "private", 3, 1)
make("Winter at the hut", "members", 8, 3, event_date=date(2025, 2, 8))
make("Empty so far", "public", 0, 0, description="Bring your own.")
autumn = make(
    "Autumn in the mountains", "public", 0, 12, event_date=date(2026, 10, 3),
    description="Four days from hut to hut, in every kind of light.",
)
deadline = time.monotonic() + 90
while Photo.objects.unfinished().exists() and time.monotonic() < deadline:
    time.sleep(0.2)
began = datetime(2026, 10, 3, 6, tzinfo=UTC)
for number, photo in enumerate(autumn.photos.order_by("name")):
    Photo.objects.filter(pk=photo.pk).update(
        position=number * 1_000_000,
        taken_at=began + timedelta(minutes=47 * number),
        camera="NIKON Z 6",
        caption="Fog below the ridge, an hour after sunrise" if number == 3 else "",
    )
"""
