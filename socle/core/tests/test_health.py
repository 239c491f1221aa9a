"""What the world, a balancer, the doctor and a person are told of the site's state."""

import json
import threading
import time
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy, override
from redis.exceptions import ConnectionError as RedisConnectionError

from socle.core.health import commands
from socle.core.health.check_runner import ask_all
from socle.core.health.results import Check, CheckState, Fact
from socle.core.writable_folders import check_site_folders

OK = Fact("database", CheckState.OK, "It answers.")
FULL = Fact("disk", CheckState.FAIL, "0.1 GB are free at db.internal.", "Make room.")


def of(fact, **values):
    return Check(fact.name if fact else "none", lambda: fact, **values)


@pytest.fixture
def site(monkeypatch, settings):
    """The site with other checks than its own."""

    def made(*checks):
        monkeypatch.setattr(
            "socle.core.health.check_runner.all_checks", lambda: list(checks)
        )
        monkeypatch.setattr("socle.core.health.views.all_checks", lambda: list(checks))

    cache.clear()
    return made


def status(**options):
    out = StringIO()
    code = 0
    try:
        call_command("site_status", stdout=out, **options)
    except SystemExit as ending:
        code = ending.code
    return code, out.getvalue()


def test_live_touches_nothing(client):
    assert client.get("/health/live").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_sites_own_checks_answer_in_a_new_installation(client):
    cache.clear()
    check_site_folders()
    response = client.get("/health/ready")

    checks = response.json()["checks"]
    assert response.status_code == 200, checks
    assert list(checks) == [
        "database",
        "locks",
        "redis",
        "storage",
        "migrations",
        "worker",
        "backup",
        "disk",
    ]
    for name in ("database", "redis", "storage", "migrations", "backup"):
        assert checks[name]["state"] == "ok", checks[name]
    assert checks["worker"]["state"] == "fail"
    assert response.json()["status"] == "degraded"
    assert response.headers["Cache-Control"] == "no-store"


def test_what_is_not_essential_degrades_and_nothing_more(client, site):
    site(of(OK, essential=True), of(FULL))
    response = client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {
        "status": "degraded",
        "checks": {
            "database": {"state": "ok", "says": "It answers."},
            "disk": {"state": "fail", "says": "0.1 GB are free at db.internal."},
        },
    }


def test_what_is_essential_takes_the_site_out_when_it_fails(client, site, caplog):
    site(of(OK), of(FULL, essential=True))
    response = client.get("/health/ready")

    assert (response.status_code, response.json()["status"]) == (503, "unavailable")
    assert "/health/ready" not in caplog.text, "a probe's answer is no error of ours"


def test_an_essential_warning_takes_nothing_out(client, site):
    site(of(Fact("database", CheckState.WARN, "Slow."), essential=True))
    response = client.get("/health/ready")

    assert (response.status_code, response.json()["status"]) == (200, "degraded")


def test_all_is_well(client, site):
    site(of(OK), of(None))

    assert client.get("/health/ready").json()["status"] == "ok"


def test_the_world_sees_states_and_no_words(client, site, settings):
    site(of(OK), of(FULL))
    settings.LOCAL = False
    inside = client.get("/health/ready")
    outside = client.get("/health/ready", headers={"x-forwarded-for": "203.0.113.9"})

    assert "db.internal" in inside.content.decode()
    assert outside.json() == {
        "status": "degraded",
        "checks": {"database": {"state": "ok"}, "disk": {"state": "fail"}},
    }


def test_programs_are_answered_in_english(client, site):
    site(of(Fact("database", CheckState.OK, gettext_lazy("Sign in"))))
    response = client.get("/health/ready", headers={"accept-language": "fr"})

    assert response.json()["checks"]["database"]["says"] == "Sign in"


def test_a_check_that_hangs_is_waited_for_once_and_not_long(site):
    over = threading.Event()
    asked = []

    def hang():
        asked.append(1)
        over.wait(20)

    slow = Check("slow", hang, remedy=lambda: "Look at its log.")
    began = time.monotonic()
    first = ask_all([slow, of(OK)], patience_seconds=1)
    second = ask_all([slow, of(OK)], patience_seconds=1)
    seconds = time.monotonic() - began
    over.set()

    assert [fact.state for fact in first] == [CheckState.FAIL, CheckState.OK]
    assert "no answer within" in str(second[0].says)
    assert second[0].todo == "Look at its log."
    assert asked == [1]
    assert 1.5 < seconds < 15  # what hangs, hangs for 20 s


def test_a_check_that_breaks_is_a_fact_and_hides_no_other(site, caplog):
    def broken():
        raise KeyError("a mistake of ours")

    facts = ask_all([Check("broken", broken), of(OK)])

    assert [fact.state for fact in facts] == [CheckState.FAIL, CheckState.OK]
    assert "The check itself broke: KeyError" in str(facts[0].says)
    assert "The check 'broken' broke." in caplog.text


@pytest.mark.parametrize(
    ("error", "service"),
    [
        (OperationalError("connection refused\nsecond line"), "postgres"),
        (RedisConnectionError("connection refused\nsecond line"), "redis"),
    ],
)
def test_without_its_service_a_check_knows_nothing(site, monkeypatch, error, service):
    monkeypatch.setattr(commands, "is_in_docker", lambda: True)

    def ask():
        raise error

    [fact] = ask_all([Check("backup", ask)])

    assert str(fact.says) == "It is unknown: connection refused"
    assert fact.todo == f"docker compose up -d {service}"


def test_what_is_slow_is_asked_once_a_minute_by_all_processes(site):
    asked = []

    def ask():
        asked.append(1)
        return Fact("bucket", CheckState.OK, format_lazy(gettext_lazy("Sign in")))

    slow = Check("bucket", ask, keep_seconds=60)
    first, second = ask_all([slow]), ask_all([slow])
    assert asked == [1]
    ask_all([slow], anew=True)
    assert asked == [1, 1]
    assert first == second or str(first[0].says) == str(second[0].says)
    with override("fr"):
        assert str(second[0].says) == "Se connecter"


def test_what_fails_is_asked_again_at_once(site):
    answers = iter([FULL, Fact("disk", CheckState.OK, "Room again.")])
    slow = Check("disk", lambda: next(answers), keep_seconds=60)

    assert [ask_all([slow])[0].state for _ in range(3)] == ["fail", "ok", "ok"]


def test_without_redis_nothing_is_kept_and_everything_answered(site, monkeypatch):
    def gone(*args, **kwargs):
        raise RedisConnectionError("gone")

    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.get", gone)
    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.set", gone)

    assert ask_all([of(OK, keep_seconds=60)]) == [OK]


def test_the_command_says_what_to_do_and_fails(site):
    site(of(OK), of(FULL))
    code, words = status()

    assert code == 1
    assert words.splitlines() == [
        "✓ ok    database     It answers.",
        "✗ FAIL  disk         0.1 GB are free at db.internal.",
        "                      → Make room.",
    ]


def test_the_command_succeeds_with_a_warning(site):
    site(of(OK), of(Fact("mail", CheckState.WARN, "None.", "Set it.")))
    code, words = status(json=True)

    assert code == 0
    assert json.loads(words) == {
        "facts": [
            {"name": "database", "state": "ok", "says": "It answers.", "todo": ""},
            {"name": "mail", "state": "warn", "says": "None.", "todo": "Set it."},
        ]
    }
