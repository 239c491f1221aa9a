"""What a request gets during a swap, and what heals by itself."""

import json
import os
import time
from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpResponse

from socle.backups.middleware import SETTLE_EVERY_SECONDS, Settler, SwapMiddleware
from socle.backups.runs.run_locks import only_one
from socle.backups.swap.swap_journal import journal_path, write_journal
from socle.backups.tests.conftest import execute, picture
from socle.backups.tests.swapping import live_state, make_ready


@pytest.fixture
def here(site, settings, monkeypatch):
    """The settings of the web process are those of the test's site."""
    settings.MEDIA_ROOT = site.media_root
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", site.database.name)
    return site


@pytest.fixture
def answer(here, rf):
    def ask(path="/", *, view=lambda request: HttpResponse("page"), **headers):
        return SwapMiddleware(view)(rf.get(path, headers=headers))

    return ask


@pytest.fixture
def begun(here):
    """A swap that is going on: its journal, and somebody who holds the lock."""
    plan = make_ready(here)
    with only_one(here.database, purpose="restore"):
        write_journal(here.media_root, plan)
        yield plan


def test_without_a_swap_requests_pass(answer):
    assert answer().content == b"page"


def test_a_visitor_gets_a_page_that_loads_itself_again(answer, begun):
    response = answer(accept="text/html")
    assert response.status_code == 503
    assert response["Retry-After"] == "2"
    assert response["Cache-Control"] == "no-store"
    assert b'http-equiv="refresh" content="2"' in response.content


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/api/galleries/", "*/*"), ("/health/ready", "application/json")],
)
def test_a_program_gets_a_problem_in_json(answer, begun, path, accept):
    response = answer(path, accept=accept)
    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert response["Content-Type"] == "application/problem+json"
    problem = json.loads(response.content)
    assert problem["status"] == 503
    assert "being restored" in problem["detail"]


def test_whether_the_process_lives_is_answered_all_the_same(answer, begun):
    assert answer("/health/live").content == b"page"


def test_a_killed_swap_is_taken_back_by_the_next_request(here, answer):
    write_journal(here.media_root, make_ready(here))
    assert answer().content == b"page"
    assert live_state(here) == "old"
    assert not journal_path(here.media_root).exists()


def test_a_killed_swap_whose_commit_was_done_is_finished(here, answer):
    plan = make_ready(here)
    write_journal(here.media_root, plan)
    server, names = here.database.named("postgres"), plan.database
    execute(server, f'ALTER DATABASE "{names.live}" RENAME TO "{names.old}"')
    execute(server, f'ALTER DATABASE "{names.new}" RENAME TO "{names.live}"')
    assert answer().content == b"page"
    assert live_state(here) == "new"


def test_a_journal_that_nobody_can_settle_stays_503(here, answer):
    plan = make_ready(here)
    odd = replace(plan, database=replace(plan.database, live="gone"))
    write_journal(here.media_root, odd)
    files = picture(here.media_root)
    assert answer().status_code == 503
    assert picture(here.media_root) == files


def test_settling_is_tried_now_and_then_only(here, begun):
    moments = [100.0, 100.5, 101.9, 100.0 + SETTLE_EVERY_SECONDS]
    waiting = iter(moments)
    settler = Settler(here, clock=lambda: next(waiting))
    tried = []
    settler._settle = lambda: tried.append(None) or False
    counts = []
    for _ in moments:
        assert settler.settled() is False
        counts.append(len(tried))
    assert counts == [1, 1, 1, 2]


def failing(request):
    return HttpResponse(status=500)


def test_a_request_that_broke_in_a_swap_is_told_to_come_again(here, answer):
    def broken_by_a_swap(request):
        write_journal(here.media_root, make_ready(here))
        return HttpResponse(status=500)

    assert answer(view=broken_by_a_swap).status_code == 503


@pytest.mark.parametrize(("method", "status"), [("POST", 503), ("GET", 200)])
def test_what_is_changed_in_the_old_database_is_to_be_sent_again(
    here, rf, method, status
):
    def meeting_a_swap(request):
        write_journal(here.media_root, make_ready(here))
        return HttpResponse("done")

    response = SwapMiddleware(meeting_a_swap)(rf.generic(method, "/"))
    assert response.status_code == status


def test_a_request_that_broke_in_a_swap_which_is_over_is_too(here, answer):
    def broken_by_a_swap(request):
        here.media_root.rename(here.media_root.with_name("old"))
        here.media_root.mkdir()
        return HttpResponse(status=500)

    assert answer(view=broken_by_a_swap).status_code == 503


def test_an_error_of_the_site_stays_an_error(here, answer):
    quiet_since = time.time() - 60
    os.utime(here.media_root.parent, (quiet_since, quiet_since))
    assert answer(view=failing).status_code == 500


@pytest.mark.parametrize("is_swapped", [True, False])
def test_only_an_exception_of_a_swap_is_kept_from_the_log(here, rf, is_swapped):
    middleware, request = SwapMiddleware(failing), rf.get("/")
    quiet_since = time.time() - 60
    os.utime(here.media_root.parent, (quiet_since, quiet_since))
    middleware(request)
    if is_swapped:
        here.media_root.rename(here.media_root.with_name("old"))
    response = middleware.process_exception(request, OperationalError("terminated"))
    assert (response is not None and response.status_code == 503) == is_swapped


@pytest.mark.parametrize("answer_of_the_site", [Http404, PermissionDenied, KeyError])
def test_what_no_swap_does_is_left_to_the_site(here, rf, answer_of_the_site):
    middleware, request = SwapMiddleware(failing), rf.get("/")
    request.swap_began_ns = time.time_ns()
    (here.media_root.parent / "changed").mkdir()
    assert middleware.process_exception(request, answer_of_the_site()) is None
