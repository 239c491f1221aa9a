"""What socle/README.md promises a project, used from a project's side."""

import re

import pytest

from socle.core.tests.own_project import Project

PAGES = """
from django.contrib import admin
from django.core import mail
from django.http import HttpRequest
from django.test import Client, RequestFactory
from accounts import emails
from socle.backups.middleware import busy
from socle.core.api import problems

asked = RequestFactory().get("/")
client = Client(headers={"Accept-Language": "en"})
emails.send("reset", to="a@b.org", subject="S", link="/x", hours=2)
print(json.dumps({
    "sign-in": client.get("/sign-in/").content.decode(),
    "404": client.get("/nothing-here/").content.decode(),
    "500": problems.server_error(asked).content.decode(),
    "restoring": busy(asked).content.decode(),
    "letter": mail.outbox[0].body,
    "admin": str(admin.site.site_header),
    "API": settings.SPECTACULAR_SETTINGS["TITLE"],
}))
"""
FOUND = """
from django.contrib.staticfiles import finders
print(json.dumps([finders.find(name) for name in sys.argv[1:] or %r]))
"""


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


# --- Brand ------------------------------------------------------------------------


def test_the_sites_name_is_wherever_a_visitor_reads_it(project):
    pages = project.show(PAGES, SITE_NAME="Sea_of_photos")

    assert [name for name in pages if "Sea of photos" not in pages[name]] == []
    assert [name for name in pages if "socle" in pages[name].lower()] == []


def test_without_a_name_the_site_is_called_as_the_project(project):
    pages = project.show(PAGES, SITE_NAME="", PROJECT_NAME="sea_photos")

    assert [name for name in pages if "sea photos" not in pages[name]] == []


def test_the_projects_colours_come_after_the_bases(project):
    project.write("static/brand.css", ":root { --accent: #123456; }")

    pages = project.show(PAGES)

    for name in ("sign-in", "404", "500", "restoring"):
        base, own = pages[name].find("/static/site.css"), pages[name].find("/brand.css")
        assert 0 < base < own, name


def test_without_colours_of_its_own_no_page_asks_for_them(project):
    (project.folder / "static/brand.css").unlink()
    (project.folder / "static").rmdir()

    done = project.run("manage.py", "check", "--fail-level", "WARNING")
    pages = project.show(PAGES)

    assert done.returncode == 0, done.stderr
    assert [name for name in pages if "brand.css" in pages[name]] == []


def test_an_icon_of_the_project_takes_the_place_of_the_bases(project):
    project.write("static/favicon.svg", "<svg/>")

    found = project.show(FOUND % ["favicon.svg", "favicon.ico"])

    assert found[0] == str(project.folder / "static/favicon.svg")
    assert found[1].endswith("socle/core/static/favicon.ico")


# --- Templates --------------------------------------------------------------------


TEMPLATES = {
    "sign-in": "brand.svg",
    "404": "404.html",
    "500": "500.html",
    "restoring": "backups/restoring.html",
    "letter": "accounts/letters/reset.txt",
}


def test_a_template_of_the_project_wins(project):
    for template in TEMPLATES.values():
        project.write(f"templates/{template}", f"<p>{template} of the project</p>")

    pages = project.show(PAGES)

    for page, template in TEMPLATES.items():
        assert f"{template} of the project" in pages[page]


# --- Menu -------------------------------------------------------------------------

MENU = """
from types import SimpleNamespace
from django.template.loader import render_to_string
from django.test import RequestFactory

asked = RequestFactory().get("/")
asked.resolver_match = None
asked.user = SimpleNamespace(
    is_authenticated=True, is_staff=True, has_perm=lambda name: True
)
print(json.dumps(render_to_string("frame/menu.html", request=asked)))
"""
RECIPES = """
from socle.core.menu import MenuEntry

def entries(request):
    return [MenuEntry("Recipes", "/recipes/", is_here=request.path == "/")]
"""


def titles(menu: str) -> list[str]:
    return re.findall(r">([^<>]+)</a>", menu)


def test_an_app_adds_its_entry_to_the_menu(project):
    before = titles(project.show(MENU))
    project.write("recipes/__init__.py", "")
    project.write("recipes/menu.py", RECIPES)
    project.append(
        "config/settings.py", '\nMENU_ENTRIES.insert(0, "recipes.menu.entries")\n'
    )

    menu = project.show(MENU)

    assert titles(menu) == ["Recipes", *before]
    assert re.search(r'href="/recipes/"\s+aria-current="true"', menu)


def test_the_base_alone_has_no_entry_of_the_projects(project):
    project.append("config/settings.py", "\nMENU_ENTRIES = MENU_ENTRIES[-2:]\n")

    assert titles(project.show(MENU)) == ["Operations", "Flower", "Admin", "API"]


# --- Lists of functions -----------------------------------------------------------

TIDES = """
from prometheus_client.core import GaugeMetricFamily
from socle.core.health.results import Fact, CheckState, check

@check(keep_seconds=60)
def tide():
    return Fact("tide", CheckState.WARN, "The tide is high.", "Wait for six hours.")

def collect():
    yield GaugeMetricFamily("tides_height", "In metres.", value=3.5)

def scrub(*, using, keep):
    return {"sailors": 2}
"""
NAMED = """
from socle.core.settings import HEALTH_CHECKS
HEALTH_CHECKS += ["tides.hooks.tide"]
METRICS_COLLECTORS += ["tides.hooks.collect"]
BACKUP_SCRUBBERS = ["tides.hooks.scrub"]
"""
ASKED = """
from socle.backups.restore.scrubbing import run_scrubbers
from socle.core.health.check_runner import all_checks, ask_all
from socle.core.metrics.collecting import SiteCollector

facts = ask_all([check for check in all_checks() if check.name == "tide"], anew=True)
families = SiteCollector(settings.METRICS_COLLECTORS[-1:]).collect()
print(json.dumps({
    "health": [str(fact.says) for fact in facts],
    "metrics": [family.name for family in families],
    "scrubbed": run_scrubbers(using="default", keep=[]),
}))
"""


@pytest.fixture
def tides(project):
    project.write("tides/__init__.py", "")
    project.write("tides/hooks.py", TIDES)
    project.append("config/settings.py", NAMED)
    return project


def test_checks_numbers_and_scrubbers_of_the_project_are_asked(tides):
    asked = tides.show(ASKED)

    assert asked["health"] == ["The tide is high."]
    assert "tides_height" in asked["metrics"]
    assert asked["scrubbed"] == {"sailors": 2}


@pytest.mark.parametrize("setting", ["MENU_ENTRIES", "HEALTH_CHECKS"])
def test_a_name_that_is_none_is_told_when_the_site_is_checked(tides, setting):
    tides.append("config/settings.py", f'\n{setting} += ["tides.hooks.tied"]\n')

    done = tides.run("manage.py", "check")

    assert done.returncode == 1
    assert f"{setting} names tides.hooks.tied, which cannot be used" in done.stderr
    assert "socle/README.md has an example" in done.stderr
