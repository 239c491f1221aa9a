import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.core.management import CommandError, call_command

from socle.operations.site_check import SiteSilent, Told, facts_of_site, judge

NOW = datetime(2026, 11, 21, 12, 40, tzinfo=UTC)
FINE = Told("disk", "ok", "20 GB are free.")
EXPIRING = Told("certificate", "warn", "It expires in 13 days.")
GONE = Told("redis", "fail", "No connection.")


def failing(*facts, since=(), now=NOW):
    return judge(list(facts), warned_since=dict(since), now=now).failing


# --- what somebody is told of ------------------------------------------------------


def test_what_fails_is_told_each_time():
    assert failing(FINE, GONE) == [GONE]


def test_a_warning_has_a_day_to_heal_and_is_then_told_once_a_day():
    since, told = {}, []
    for hours in range(24 * 3):
        now = NOW + timedelta(hours=hours)
        verdict = judge([FINE, EXPIRING], warned_since=since, now=now)
        since = verdict.warned_since
        told += [hours] * len(verdict.failing)

    assert told == [24, 48]


def test_a_warning_that_healed_begins_anew():
    since = judge([EXPIRING], warned_since={}, now=NOW).warned_since
    since = judge([FINE], warned_since=since, now=NOW).warned_since

    assert since == {}
    assert not failing(EXPIRING, since=since, now=NOW + timedelta(days=2))


@pytest.mark.parametrize("words", ["", "soon", "2026-11-20", None, "2030-01-01T00:00Z"])
def test_a_beginning_that_cannot_be_understood_is_now(words):
    assert not failing(EXPIRING, since={"certificate": words})


# --- asking the site ----------------------------------------------------------------


@pytest.fixture
def site():
    """A site that answers with `site.body` and `site.status`, and notes the host."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.host = self.headers["Host"]
            self.send_response(server.status)
            self.end_headers()
            self.wfile.write(server.body.encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.status, server.body = 200, "{}"
    server.url = f"http://127.0.0.1:{server.server_port}/health/ready"
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def answer(*facts):
    checks = {fact.name: {"state": fact.state, "says": fact.says} for fact in facts}
    return json.dumps({"status": "degraded", "checks": checks})


@pytest.mark.parametrize("status", [200, 503])
def test_the_site_is_asked_by_an_allowed_name(site, status):
    site.status, site.body = status, answer(FINE, GONE)

    assert facts_of_site(site.url) == [FINE, GONE]
    assert site.host == "127.0.0.1"


@pytest.mark.parametrize("body", ["", "<h1>Starting</h1>", "[]", '{"checks": 3}'])
def test_what_is_no_answer_of_the_site_is_said(site, body):
    site.body = body

    with pytest.raises(SiteSilent, match="answers, but not as the site does"):
        facts_of_site(site.url)


def test_a_site_that_does_not_answer_fails_the_job():
    with pytest.raises(CommandError, match="The site does not answer at http"):
        call_command("check_site", "--url", "http://127.0.0.1:1/health/ready")


# --- the command --------------------------------------------------------------------


def test_the_job_fails_with_what_is_wrong_and_what_to_do(site, capsys):
    site.body = answer(FINE, EXPIRING, GONE)

    with pytest.raises(CommandError) as raised:
        call_command("check_site", "--url", site.url)

    assert str(raised.value).splitlines() == [
        "redis fails: No connection.",
        "What to do about it: docker compose exec web python manage.py site_status",
    ]
    assert "certificate: warn. It expires in 13 days." in capsys.readouterr().out


def test_how_long_a_warning_lasts_is_kept_between_two_jobs(site, settings, tmp_path):
    settings.JOBS_FOLDER = str(tmp_path)
    site.body = answer(EXPIRING)
    call_command("check_site", "--url", site.url)

    path = tmp_path / "check_site.warned"
    (since,) = json.loads(path.read_text()).values()
    yesterday = datetime.fromisoformat(since) - timedelta(days=1)
    path.write_text(json.dumps({"certificate": yesterday.isoformat()}))

    with pytest.raises(CommandError, match="certificate has warned for a day: It exp"):
        call_command("check_site", "--url", site.url)


def test_without_an_address_the_command_asks_itself(monkeypatch, capsys):
    monkeypatch.setattr("socle.operations.site_check.ask_all", lambda **how: [FINE])

    call_command("check_site")

    assert capsys.readouterr().out == "disk: ok. 20 GB are free.\n"
