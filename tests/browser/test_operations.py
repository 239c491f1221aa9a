import re
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect
from visitor import PHONE

pytestmark = pytest.mark.browser
WIDE = {"viewport": {"width": 1280, "height": 900}}
NARROW = PHONE | {"viewport": {"width": 390, "height": 844}}
HISTORY = """
from datetime import timedelta
from django.utils import timezone
from operations.tests.history import make_history, make_jobs
make_history(newest=timezone.now() - timedelta(hours=7))
make_jobs(newest=timezone.now() - timedelta(hours=7))
"""
# Held until its stdin ends, as a backup that takes its time.
LONG_RUN = """
import sys
from backups.models import Run
from backups.telling import told
with told("backup") as run:
    words = "Sending media: 1,204 of 5,080 files, 240.0 MB of 1.0 GB, 21.4 MB/s, "
    words += "about 36 s left"
    Run.objects.filter(pk=run.row.pk).update(progress=words)
    sys.stdin.read()
"""


@pytest.fixture
def ops(open_visitor, site):
    visitor = open_visitor(site.admin, **WIDE)
    visitor.page.goto("/operations/")
    return visitor


@contextmanager
def long_run(site):
    process = site.python(LONG_RUN)
    try:
        yield
    finally:
        process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.fixture(scope="module")
def history(site):
    process = site.python(HISTORY)
    process.communicate(timeout=60)
    assert process.returncode == 0


def overflowing(page):
    """What sticks out of the window on its right."""
    return page.evaluate(
        """() => [...document.querySelectorAll("#board *")]
        .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
        .map((e) => e.outerHTML.slice(0, 80))"""
    )


def wider_than_the_page(page):
    return page.evaluate(
        """() => [...document.querySelectorAll("#board table")]
        .filter((table) => table.offsetWidth > table.parentElement.clientWidth)
        .map((table) => table.className)"""
    )


def days_that_touch(page):
    """Below the plots: each day that runs into the one before."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".plot")].flatMap((plot) => {
          const days = [...plot.querySelectorAll(".plot-day, .plot-today")]
            .map((day) => [day.getBoundingClientRect(), day.textContent.trim()])
            .filter(([box]) => box.width)
            .sort(([one], [other]) => one.left - other.left);
          return days.filter(([box], n) => n && box.left < days[n - 1][0].right + 2)
            .map(([, words]) => words);
        })"""
    )


def test_a_backup_is_taken_and_appears_by_itself(ops, site):
    page = ops.page
    expect(page.get_by_text("The first one is taken by itself")).to_be_visible()
    ops.screenshot("operations-first-day-desktop")
    loads = []
    page.get_by_role("button", name="Back up now").click()
    expect(page.get_by_text("It begins within a minute.")).to_be_visible()
    expect(page.get_by_role("button", name="Back up now")).to_be_disabled()
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    site.manage("back_up_when_asked")  # as cron does
    expect(page.locator(".nights [data-id]")).to_have_count(1)
    expect(page.locator(".nights [data-id]")).to_contain_text("Complete")
    expect(page.get_by_role("button", name="Back up now")).to_be_enabled()
    assert loads == []
    assert "No backup yet" not in page.locator("#board").inner_text()


def test_a_run_moves_on_the_page_without_a_reload(ops, site):
    page = ops.page
    page.clock.install()  # 30 s of idleness pass at once
    page.goto("/operations/")
    with long_run(site):
        running = page.locator("[data-run]")
        for _ in range(120):
            page.clock.run_for(30_000)
            if running.count():
                break
            page.wait_for_timeout(500)
        expect(running).to_contain_text("1,204 of 5,080 files")
        expect(page.get_by_role("button", name="Back up now")).to_be_disabled()


def test_how_the_site_is_is_kept_up_to_date(ops, site):
    page = ops.page
    page.clock.install()
    page.goto("/operations/")
    disk = page.locator("[data-check=disk]")
    expect(disk).to_contain_text("GB are free")
    disk.evaluate("place => { place.textContent = 'as it was a minute ago'; }")
    page.clock.run_for(40_000)
    expect(disk).to_have_text("as it was a minute ago")
    page.clock.run_for(60_000)

    expect(disk).to_contain_text("GB are free")
    expect(page.locator("[data-check]").first).to_be_visible()


def test_the_page_speaks_french(open_visitor, site, history):
    visitor = open_visitor(site.admin, locale="fr-FR", **WIDE)
    page = visitor.page
    page.goto("/operations/")
    expect(page.get_by_role("heading", name="Système")).to_be_visible()
    expect(page.locator("[data-check=database]")).to_contain_text("a répondu en")
    visitor.screenshot("operations-french-desktop")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", ["desktop", "phone"])
def test_forty_nights_at_a_glance(open_visitor, site, history, window, scheme):
    options = WIDE if window == "desktop" else NARROW
    visitor = open_visitor(site.admin, color_scheme=scheme, **options)
    page = visitor.page
    with long_run(site):
        expect_running(page)
        page.mouse.move(0, 0)
        visitor.screenshot(f"operations-{scheme}-{window}")
        assert overflowing(page) == []
        assert wider_than_the_page(page) == []
        assert days_that_touch(page) == []
        visitor.expect_accessible()
    expect(page.locator("[data-job]")).to_have_count(4)
    assert page.locator(".plot rect").count() >= 3 * 37
    expect(page.locator(".nights [data-id]").nth(36)).to_be_visible()
    words = page.get_by_role("img", name="Duration").get_attribute("aria-describedby")
    expect(page.locator(f"#{words}")).to_have_text(re.compile("Failed on"))


def expect_running(page):
    for _ in range(40):
        page.goto("/operations/")
        if page.get_by_text("about 36 s left").count():
            return
        page.wait_for_timeout(250)
    raise AssertionError("The run did not appear.")
