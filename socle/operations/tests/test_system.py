"""The part of the page, and of its API, that says how the whole site is."""

import re

import pytest
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy
from redis.exceptions import ConnectionError as RedisConnectionError

from socle.core.health.results import CheckState, Fact
from socle.operations import system

pytestmark = pytest.mark.django_db
ALL = [
    Fact(
        "database",
        CheckState.OK,
        format_lazy(
            gettext_lazy("Redis {version} answered in {ms} ms."), version=8, ms=2
        ),
    ),
    Fact("mail", CheckState.WARN, "None <b>can</b> go.", gettext_lazy("Sign in")),
    Fact("worker", CheckState.FAIL, "No task.", "docker compose restart worker"),
    Fact("our_own", CheckState.OK, "As the project wants it."),
]


@pytest.fixture
def facts(monkeypatch):
    shown = list(ALL)
    monkeypatch.setattr(system, "ask_all", lambda: shown)
    return shown


def checks(response):
    """The words of each check, in the order of the page."""
    assert response.status_code == 200
    found = re.findall(
        r'data-check="(\w+)">(.*?)</li>', response.content.decode(), re.DOTALL
    )
    return {
        name: " ".join(re.sub(r"<[^>]+>", " ", words).split()) for name, words in found
    }


def test_each_fact_is_said_in_words_worst_first_with_what_to_do(staff, store, facts):
    shown = checks(staff.get("/operations/"))

    assert list(shown) == ["worker", "mail", "database", "our_own"]
    assert shown == {
        "worker": "Worker Fails No task. What to do: docker compose restart worker",
        "mail": "Mail Look at it None &lt;b&gt;can&lt;/b&gt; go. What to do: Sign in",
        "database": "Database Well Redis 8 answered in 2 ms.",
        "our_own": "Our_own Well As the project wants it.",
    }


def test_what_is_to_be_typed_looks_like_it(staff, store, facts):
    page = staff.get("/operations/").content.decode()

    assert "<code>docker compose restart worker</code>" in page
    assert "<code>Sign in</code>" not in page


def test_the_part_is_given_alone_for_the_pages_script(staff, store, facts):
    part = staff.get("/operations/system")

    assert checks(part) == checks(staff.get("/operations/"))
    assert part.content.decode().strip().startswith("<section")
    assert part.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_the_facts_are_in_the_readers_language(staff, store, facts):
    page = staff.get("/operations/", headers={"accept-language": "fr"})
    shown = checks(page)

    assert shown["database"] == "Base de données En ordre Redis 8 a répondu en 2 ms."
    assert shown["mail"].endswith("Que faire : Se connecter")
    assert "1 point en échec" in page.content.decode()


def test_the_worst_is_summed_up(staff, store, facts):
    assert "1 thing fails" in staff.get("/operations/").content.decode()
    facts[:] = [fact for fact in facts if fact.state != CheckState.FAIL]
    assert "1 thing wants a look" in staff.get("/operations/").content.decode()
    facts[:] = [fact for fact in facts if fact.state == CheckState.OK]
    assert "All is well" in staff.get("/operations/").content.decode()


def test_versions_are_shown_also_without_redis(
    staff, store, facts, monkeypatch, settings
):
    settings.IMAGE_TAG = "2026.11.21"
    page = staff.get("/operations/").content.decode()
    assert "2026.11.21" in page
    assert re.search(r"<dt>Postgres</dt>\s*<dd>\s*1\d", page)
    assert re.search(r"<dt>Redis</dt>\s*<dd>\s*\d", page)

    def gone(*_args, **_options):
        raise RedisConnectionError("gone")

    monkeypatch.setattr(system.redis.Redis, "info", gone)
    page = staff.get("/operations/").content.decode()
    assert re.search(r"<dt>Redis</dt>\s*<dd>\s*Unknown", page)


def test_programs_read_the_same(staff, store, facts):
    body = staff.get("/api/operations/").json()

    assert body["facts"][0] == {
        "name": "worker",
        "state": "fail",
        "says": "No task.",
        "todo": "docker compose restart worker",
    }
    assert [fact["name"] for fact in body["facts"]] == [
        "worker",
        "mail",
        "database",
        "our_own",
    ]
    assert [one["name"] for one in body["versions"]][1:] == [
        "Django",
        "Python",
        "Postgres",
        "Redis",
    ]
    assert body["jobs"] == []


def test_programs_read_of_jobs(staff, store, facts, settings, tmp_path):
    settings.JOBS_FOLDER = str(tmp_path)
    (tmp_path / "schedule.json").write_text(
        '[{"task": "backup", "description": "Each night.", "fields": "0 3 * * *"}]'
    )
    (tmp_path / "backup.jsonl").write_text(
        '{"task": "backup", "description": "", "started_at": '
        '"2026-11-21T03:00:00+00:00", "ended_at": "2026-11-21T03:00:09+00:00", '
        '"seconds": 9.0, "exit_status": 1, "outcome": "failed", "output": "No room."}\n'
    )
    (job,) = staff.get("/api/operations/").json()["jobs"]

    assert (job["name"], job["description"]) == ("backup", "Each night.")
    assert job["runs"] == [
        {
            "started_at": "2026-11-21T03:00:00Z",
            "seconds": 9.0,
            "outcome": "failed",
            "exit_status": 1,
            "output": "No room.",
        }
    ]
    page = staff.get("/operations/").content.decode()
    assert "No room." in page


def test_the_sites_own_checks_are_asked(staff, store):
    shown = checks(staff.get("/operations/"))

    assert {"database", "redis", "storage", "migrations", "backup"} <= set(shown)
