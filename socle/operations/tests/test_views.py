import re
from datetime import timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from accounts.models import User
from socle.backups.models import Run
from socle.backups.postgres.connection import Database
from socle.backups.runs.run_liveness import alive
from socle.backups.runs.run_locks import only_one
from socle.operations import backup_requests
from socle.operations.tests.conftest import NIGHT, operator
from socle.operations.tests.history import MB, make_history, put_backup, put_run
from socle.operations.urls import urlpatterns

pytestmark = pytest.mark.django_db
PAGES = [
    "/operations/",
    "/operations/board",
    "/operations/state",
    "/operations/system",
]


def text(response):
    assert response.status_code == 200
    words = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(words.split())


# --- who may see it ----------------------------------------------------------


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize("is_staff", [True, False])
def test_who_is_no_operator_is_refused(client, store, url, is_staff):
    client.force_login(
        User.objects.create_user("m@example.com", "only-looking", is_staff=is_staff)
    )

    assert client.get(url).status_code == 403


def test_visitors_are_sent_to_sign_in_and_scripts_are_refused(client, store):
    page, *parts = (client.get(url) for url in PAGES)

    assert (page.status_code, page.url) == (302, "/sign-in/?next=/operations/")
    assert [part.status_code for part in parts] == [403, 403, 403]


def test_only_operators_may_ask_for_a_backup(client, store):
    anonymous = client.post("/operations/back-up")
    client.force_login(
        User.objects.create_user("member@example.com", "only-looking", is_staff=True)
    )
    member = client.post("/operations/back-up")

    assert anonymous.url.startswith("/sign-in/")
    assert member.status_code == 403
    assert backup_requests.asked() is None


def test_only_operators_see_the_link(staff, client, store):
    assert 'href="/operations/"' in staff.get("/").content.decode()

    client.force_login(User.objects.create_user("member@example.com", "only-looking"))
    assert "/operations/" not in client.get("/").content.decode()


def test_nothing_here_restores():
    assert {pattern.name for pattern in urlpatterns} == {
        "backups",
        "board",
        "state",
        "system",
        "back_up",
        "api_board",
        "api_back_up",
    }


# --- what it shows -------------------------------------------------------------


def test_an_empty_first_day(staff, store):
    page = text(staff.get("/operations/"))

    assert "No backup yet" in page
    assert "Newest backup None yet" in page
    assert "A backup is missing" not in page
    assert "None that this site remembers" in page
    assert "no restore, or it was forgotten since" in page


def test_each_backup_is_shown_with_its_state_and_numbers(staff, store):
    now = timezone.now()
    put_backup(store, now - timedelta(days=2), proven=True, new_bytes=MB)
    put_backup(
        store,
        now - timedelta(hours=5),
        lost=2,
        seconds=125.0,
        warnings=["The index <half> is not valid."],
    )

    response = staff.get("/operations/")
    rows = re.findall(r"<tr data-id=.*?</tr>", response.content.decode(), re.DOTALL)
    newest, proven = (" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows)

    assert "5 h ago" in newest
    assert "Complete but for 2 files The index &lt;half&gt; is not valid." in newest
    assert "Proven" not in newest
    assert newest.endswith("41.0 MB 990.0 MB 5,000 files 53.5 MB 2 min 5 s")
    assert "2 days ago" in proven
    assert "Complete ✓ Proven" in proven
    assert "31 tables with 184,220 rows and 5,000 files" in proven
    assert "Newest proven by a restore 2 days old" in text(response)


def test_what_is_no_backup_is_shown_as_such(staff, store):
    put_backup(store, NIGHT)
    folder = "socle/local/backups/2026-11-20T03-00-00Z/"
    store.put(f"{folder}backup.json", b'{"format": 99}')
    store.put("socle/local/backups/2026-11-19T03-00-00Z/database.dump.zst", b"half")

    page = text(staff.get("/operations/"))

    assert "Complete backups 1" in page
    assert re.search(r"Unreadable .*2026-11-20T03-00-00Z", page)
    assert re.search(r"Incomplete .*2026-11-19T03-00-00Z is under way", page)


def test_failures_are_shown_with_their_reasons(staff, store):
    put_run("drill", NIGHT, outcome="failed", reason="No room <b>here</b>.")
    put_run("backup", NIGHT)

    response = staff.get("/operations/")

    assert "No room &lt;b&gt;here&lt;/b&gt;." in response.content.decode()
    assert "Drill Sat 21 Nov, 03:00" in text(response)


def test_a_backup_that_is_too_old_is_said(staff, store, settings):
    settings.BACKUP_MAX_AGE_HOURS = 26
    put_run("backup", timezone.now() - timedelta(hours=25), numbers=NUMBERS)
    assert "A backup is missing" not in text(staff.get("/operations/"))

    Run.objects.all().delete()
    installed(days=3)
    put_run("backup", timezone.now() - timedelta(hours=27), numbers=NUMBERS)
    assert "A backup is missing" in text(staff.get("/operations/"))


NUMBERS = {"database_bytes": 1, "media_bytes": 1, "new_bytes": 1}


def installed(*, days):
    MigrationRecorder.Migration.objects.update(
        applied=timezone.now() - timedelta(days=days)
    )


def test_next_runs_are_those_of_the_settings_in_the_sites_time(
    staff, store, settings, tmp_path
):
    settings.JOBS_FOLDER = str(tmp_path)
    (tmp_path / "schedule.json").write_text("[]")
    settings.BACKUP_AT = "30 2 1 1 *"
    settings.BACKUP_DRILL_AT = "0 0 31 2 *"

    page = text(staff.get("/operations/"))

    assert re.search(r"Backup \w{3} 1 Jan, 02:30", page)
    assert "Drill never" in page


def test_no_next_run_is_announced_where_no_cron_will_start_it(staff, store, settings):
    settings.JOBS_FOLDER = ""

    page = text(staff.get("/operations/"))

    assert "Next backup Never" in page
    assert "Backup never" in page
    assert "No cron runs beside this site" in page


def test_a_store_that_does_not_answer_takes_nothing_else_away(staff, store, settings):
    put_run("prune", NIGHT, outcome="failed", reason="Known all the same.")
    settings.BACKUP_STORAGE_URL = "gs://socle-tests/without-a-key"
    settings.BACKUP_ENCRYPTION_KEY = "no key"

    page = text(staff.get("/operations/"))

    assert "The store cannot be read." in page
    assert "Complete backups Unknown" in page
    assert "Known all the same." in page
    assert "Next runs" in page


def test_the_store_is_listed_once_a_minute_and_after_each_run(
    staff, store, monkeypatch
):
    listed = []

    class Counting(type(store)):
        def list(self, prefix):
            listed.append(prefix)
            return super().list(prefix)

    store.__class__ = Counting
    monkeypatch.setattr(
        "socle.operations.stored_backups.open_store", lambda url, **how: store
    )
    for _ in range(3):
        staff.get("/operations/")
    assert len(listed) == 1

    put_run("backup", timezone.now(), numbers=NUMBERS)
    put_backup(store, NIGHT)
    assert "Complete backups 1" in text(staff.get("/operations/"))
    assert len(listed) == 2


def test_forty_nights_are_plotted(staff, store):
    make_history(newest=timezone.now() - timedelta(hours=3))

    page = staff.get("/operations/").content.decode()

    for figure in re.findall(r"<figure.*?</figure>", page, re.DOTALL):
        assert figure.count("<rect") == 37
        assert 'role="img"' in figure
    assert page.count(": failed</title>") == 2
    assert "mostly about" in page


def test_plots_are_drawn_in_french_as_well(staff, store):
    make_history(newest=timezone.now() - timedelta(hours=3))

    page = staff.get("/operations/", headers={"accept-language": "fr"})
    drawn = re.findall(r'<(?:rect|line|text) [^>]*?x="([^"]*)"', page.content.decode())

    assert len(drawn) > 100
    assert [x for x in drawn if "," in x] == [], "browsers draw 0.35 %, not 0,35 %"


# --- Back up now ---------------------------------------------------------------


def test_a_backup_that_was_asked_for_waits_for_cron(staff, store):
    response = staff.post("/operations/back-up", follow=True)

    assert backup_requests.asked().by == "ops@example.com"
    assert "A backup was asked for" in text(response)
    assert staff.get("/operations/state").json()["busy"] is True


def test_it_is_asked_for_only_once(staff, store):
    staff.post("/operations/back-up")
    second = staff.post("/operations/back-up", follow=True)

    assert "was asked for just now; cron begins it" in text(second)


def test_while_the_lock_is_held_it_says_by_whom(staff, store):
    with only_one(Database.from_settings(), purpose="drill"):
        response = staff.post("/operations/back-up", follow=True)

    assert backup_requests.asked() is None
    assert re.search(r"Another run holds the lock: drill on \S+, since", text(response))


def test_a_request_without_its_token_is_refused(store, db):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator())

    assert strict.post("/operations/back-up").status_code == 403
    assert backup_requests.asked() is None


def test_a_run_is_shown_with_its_progress_until_it_ends(staff, store):
    run = Run.objects.create(
        kind="backup", started_at=timezone.now(), progress="Sending: 4 files"
    )
    with alive(run.pk, kind="backup", database=Database.from_settings()):
        page = staff.get("/operations/")
        state = staff.get("/operations/state").json()
        assert "Backup since" in text(page)
        assert "Sending: 4 files" in text(page)
        assert state["progress"] == {str(run.pk): "Sending: 4 files"}
        assert f'data-key="{state["key"]}"' in page.content.decode()

    ended = staff.get("/operations/state").json()
    assert ended["busy"] is False
    assert ended["key"] != state["key"]
    assert "killed or lost its database" in text(staff.get("/operations/board"))


# --- without Redis -----------------------------------------------------------


@pytest.fixture
def no_redis(settings):
    nobody = settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1"}
    settings.CACHES = {"default": nobody}


def test_the_page_is_there_when_redis_is_not(staff, store, no_redis):
    assert [staff.get(url).status_code for url in PAGES] == [200] * len(PAGES)
    assert "Worker Fails" in text(staff.get("/operations/system"))


def test_no_backup_is_asked_for_without_redis(staff, store, no_redis):
    page = staff.post("/operations/back-up", follow=True)

    assert "Redis took no word of it" in text(page)
    assert not Run.objects.exists()
