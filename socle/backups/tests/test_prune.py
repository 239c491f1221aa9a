from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from socle.backups.exceptions import AlreadyRunning, PruneRefused, StoreRefused
from socle.backups.format.backup_folders import held
from socle.backups.format.backup_metadata import DrillProof
from socle.backups.format.encryption import Keys
from socle.backups.format.listing import list_backups
from socle.backups.gc.prune import (
    BEING_READ,
    NAMED_BY_HAND,
    UNREADABLE,
    plan_prune,
    prune,
)
from socle.backups.gc.prune_table import verdicts_table
from socle.backups.gc.retention import LATER, Policy
from socle.backups.models import Run
from socle.backups.restore.restore_targets import (
    RestoreTargets,
    create_database,
    databases_of,
    folders_of,
)
from socle.backups.runs.run_locks import only_one
from socle.backups.services import take_backup
from socle.backups.tests.conftest import NIGHT, QUIET, Wrapped, names_in
from socle.backups.tests.memory_store import SHELF, MemoryStore, put_backup

TWO_DAYS = Policy(daily=2, weekly=0, monthly=0)
NOW = NIGHT + timedelta(hours=1)


@pytest.fixture
def memory():
    return MemoryStore()


def nights(store, count, **options):
    return [
        put_backup(store, taken=NIGHT - timedelta(days=n), **options)
        for n in range(count)
    ]


def plan(store, policy=TWO_DAYS, now=NOW):
    verdicts = plan_prune(SHELF, store=store, keys=Keys(), policy=policy, now=now)
    return {verdict.address.id: verdict.reasons for verdict in verdicts}


def test_a_plan_says_why_each_one_stays(memory):
    one, two, three, four, five = nights(memory, 5)
    memory.delete(four.folder + "backup.json")
    memory.put(four.folder + "backup.json", b"{")
    memory.put(five.folder + "proof.json", proof())
    memory.put(SHELF.folder("before-the-move") + "backup.json", b"{}")
    put_backup(memory, taken=NIGHT + timedelta(days=365))
    memory.put(SHELF.folder("2026-11-01T03-00-00Z") + "database.dump.zst", b"half")
    assert plan(memory) == {
        "before-the-move": [NAMED_BY_HAND],
        "2027-11-21T03-00-00Z": [LATER],
        one.id: ["newest", "daily 2026-11-21"],
        two.id: ["daily 2026-11-20"],
        three.id: [],
        four.id: [UNREADABLE],
        five.id: ["newest proven"],
    }


def proof():
    return DrillProof(NIGHT, 1.0, 1, 1, 1, 1).to_json()


def test_a_backup_that_is_being_restored_elsewhere_stays(memory):
    *_, oldest = nights(memory, 3)
    with held(memory, oldest):
        assert plan(memory)[oldest.id] == [BEING_READ]
    assert plan(memory)[oldest.id] == []


def run_prune(site, store, *, policy=TWO_DAYS, only=None):
    return prune(site, store=store, policy=policy, now=NOW, progress=QUIET, only=only)


def test_what_goes_is_gone_and_the_rest_is_whole(site, any_store):
    for address in nights(any_store, 4):
        any_store.put(address.folder + "proof.json", proof())
    pruned = run_prune(site, any_store)
    assert [verdict.address.id for verdict in pruned.removed] == [
        "2026-11-18T03-00-00Z",
        "2026-11-19T03-00-00Z",
    ]
    assert (pruned.kept, pruned.freed_bytes > 800) == (2, True)
    left = list_backups(any_store, shelf=SHELF)
    assert [one.address.id for one in left.backups] == [
        "2026-11-21T03-00-00Z",
        "2026-11-20T03-00-00Z",
    ]
    assert (left.unreadable, left.incomplete) == ([], [])
    assert len(names_in(any_store, SHELF.backups)) == 8
    assert run_prune(site, any_store).removed == []


def test_a_real_backup_is_whole_after_contents_were_swept(site, any_store, restore):
    take_backup(site, store=any_store, now=NIGHT - timedelta(days=3), progress=QUIET)
    (site.media_root / "empty").unlink()
    backup = take_backup(site, store=any_store, now=NIGHT, progress=QUIET)
    pruned = run_prune(site, any_store, policy=Policy(1, 0, 0))
    assert len(pruned.removed) == 1
    assert (pruned.swept.contents, pruned.swept.waiting) == (0, 1)
    restore(backup, store=any_store)


def test_a_night_takes_away_what_a_killed_restore_and_drill_left(site, folder_store):
    killed = RestoreTargets.at(NIGHT, database=site.database, media=site.media_root)
    for database in (killed.new_database, killed.drill_database):
        create_database(database)
    for folder in (killed.new_media, killed.drill_media, killed.old_media):
        (folder / "half").mkdir(parents=True)
    run_prune(site, folder_store)
    for kind in ("restore", "drill"):
        assert databases_of(site.database, kind=kind) == []
        assert folders_of(site.media_root, kind=kind) == []
    assert killed.old_media.is_dir()  # an undo needs it


def test_the_record_goes_first_then_the_proof(site, folder_store):
    *_, oldest = nights(folder_store, 3, proven=True)
    deleted = []

    def delete(name, *, generation=""):
        deleted.append(name.removeprefix(oldest.folder))
        folder_store.delete(name, generation=generation)

    run_prune(site, Wrapped(folder_store, delete=delete))
    assert deleted[:2] == ["backup.json", "proof.json"]
    assert set(deleted[2:]) >= {"database.dump.zst", "media.jsonl.zst"}


def test_only_what_was_agreed_to_goes(site, folder_store):
    *_, third, fourth = nights(folder_store, 4)
    pruned = run_prune(site, folder_store, only={fourth.id, "2026-11-21T03-00-00Z"})
    assert [verdict.address.id for verdict in pruned.removed] == [fourth.id]
    assert third.id in plan(folder_store)


def test_a_bucket_that_refuses_to_delete_is_told(site, folder_store):
    nights(folder_store, 3)

    def delete(name, *, generation=""):
        raise StoreRefused("403 storage.objects.delete")

    with pytest.raises(PruneRefused, match=r"could not be deleted: 403.*only create"):
        run_prune(site, Wrapped(folder_store, delete=delete))
    assert len(list_backups(folder_store, shelf=SHELF).backups) == 3


def test_nothing_goes_while_another_run_holds_the_lock(site, folder_store):
    nights(folder_store, 3)
    with only_one(site.database, purpose="restore"), pytest.raises(AlreadyRunning):
        run_prune(site, folder_store)
    assert len(list_backups(folder_store, shelf=SHELF).backups) == 3


def test_without_any_backup_there_is_nothing_to_do(site, any_store):
    pruned = run_prune(site, any_store)
    assert (pruned.removed, pruned.kept) == ([], 0)


def table(store, width):
    verdicts = plan_prune(SHELF, store=store, keys=Keys(), policy=TWO_DAYS, now=NOW)
    return verdicts_table(verdicts, now=NOW, width=width).splitlines()


def test_the_table_says_what_goes(memory):
    newest, _, oldest = nights(memory, 3)
    title, first, _, last = table(memory, None)
    assert title.split() == ["URL", "Age", "Size", "Stays", "as"]
    assert first.split()[0] == newest.url
    assert "60 min" in first
    assert first.endswith("newest, daily 2026-11-21")
    assert last.split()[:3] == [oldest.url, "2", "days"]
    assert last.endswith("- (goes)")


def test_a_narrow_table_has_two_lines_a_backup(memory):
    newest, _, oldest = nights(memory, 3)
    lines = table(memory, 60)
    assert lines[0] == newest.url
    assert lines[1].startswith("  60 min old, ")
    assert lines[1].endswith(", stays: newest, daily 2026-11-21")
    assert lines[4] == oldest.url
    assert lines[5].endswith(", goes")


@pytest.fixture
def manage(db, site, settings, monkeypatch, folder_store):
    settings.MEDIA_ROOT = site.media_root
    settings.BACKUP_STORAGE_URL = folder_store.url
    settings.BACKUP_KEEP_DAILY = 2
    settings.BACKUP_KEEP_WEEKLY = settings.BACKUP_KEEP_MONTHLY = 0

    def run(*arguments, stdin=""):
        monkeypatch.setattr("sys.stdin", Terminal(stdin) if stdin else StringIO())
        out, err = StringIO(), StringIO()
        try:
            call_command("prune_backups", *arguments, stdout=out, stderr=err)
        except CommandError as error:
            return error.returncode, out.getvalue(), f"{err.getvalue()}{error}"
        return 0, out.getvalue(), err.getvalue()

    return run


class Terminal(StringIO):
    def isatty(self):
        return True


def test_the_command_shows_asks_and_removes(manage, folder_store):
    *_, oldest = nights(folder_store, 3)
    status, out, err = manage(stdin="n\n")
    assert (status, "Nothing was changed." in err) == (1, True)
    assert f"{oldest.url}" in out
    assert "Remove 1 backup, and contents" in err
    assert oldest.id in plan(folder_store)

    status, out, err = manage(stdin="y\n")
    assert status == 0
    assert "Removed 1 backup and 0 contents that none names, " in out
    assert out.endswith("2 backups left.\n")
    assert oldest.id not in plan(folder_store)
    row = Run.objects.get()
    assert (row.kind, row.outcome) == ("prune", "done")
    assert (row.numbers["removed"], row.numbers["kept"]) == (1, 2)


def test_the_command_removes_nothing_where_nobody_can_be_asked(manage, folder_store):
    *_, oldest = nights(folder_store, 3)
    status, out, err = manage()
    assert (status, oldest.url in out) == (2, True)
    assert "Add --yes." in err
    assert oldest.id in plan(folder_store)
    assert not Run.objects.exists()


def test_the_command_asks_nobody_with_yes(manage, folder_store):
    nights(folder_store, 3)
    status, out, _ = manage("--yes")
    assert (status, out.count("\n")) == (0, 1)
    assert len(plan(folder_store)) == 2


def test_a_policy_that_keeps_nothing_is_told_and_removes_nothing(
    manage, folder_store, settings
):
    settings.BACKUP_KEEP_DAILY = 0
    nights(folder_store, 3)
    status, _, err = manage("--yes")
    assert status == 1
    assert "BACKUP_KEEP_DAILY=0" in err
    assert len(plan(folder_store)) == 3
    assert Run.objects.get().outcome == "failed"
