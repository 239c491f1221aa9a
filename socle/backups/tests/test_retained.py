"""A bucket that keeps what it has: a retention policy, a hold, or S3's object lock."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from socle.backups.exceptions import ObjectRetained, StoreRefused
from socle.backups.format.backup_metadata import read_backup
from socle.backups.gc.prune import prune
from socle.backups.gc.retention import Policy
from socle.backups.gc.sweep import GRACE
from socle.backups.runs.drill import drill
from socle.backups.services import prove_store, take_backup
from socle.backups.stores.s3_errors import translated
from socle.backups.tests.conftest import NEXT_NIGHT, NIGHT, QUIET, names_in
from socle.backups.tests.faults import ALWAYS, Answer

ONE_DAY = Policy(daily=1, weekly=0, monthly=0)
UNTIL = "cannot be deleted or overwritten until 2026-12-30T00:00:00"


def google_says(status: int, *, reason: str, message: str) -> Answer:
    errors = [{"domain": "global", "reason": reason, "message": message}]
    error = {"code": status, "message": message, "errors": errors}
    return Answer(status, body=json.dumps({"error": error}).encode())


@pytest.fixture(params=["retentionPolicyNotMet", "objectUnderActiveHold"])
def retaining(request, faulty_google):
    """A real bucket, before which stands one that lets nothing be deleted."""

    def refuse(asked, forward):
        there = forward(type(asked)("GET", asked.path.split("?")[0], {}, b""))
        if there.status != 200:
            return there
        return google_says(403, reason=request.param, message=f"It {UNTIL}")

    faulty_google.between.fail(refuse, method="DELETE", times=ALWAYS)
    return faulty_google.store


def test_a_deletion_says_that_the_bucket_keeps_it(retaining):
    retaining.put("one", b"1")

    with pytest.raises(ObjectRetained, match=UNTIL):
        retaining.delete("one")


def test_such_a_bucket_can_keep_backups_and_the_check_says_what_it_means(
    retaining, site
):
    said = prove_store(retaining, shelf=site.shelf)

    assert UNTIL in said[-1]
    assert "nobody deletes a backup before" in said[-1]


def test_a_second_drill_proves_the_same_and_leaves_the_first_proof(retaining, site):
    backup = take_backup(site, store=retaining, now=NIGHT, progress=QUIET)
    first = drill(backup, site=site, store=retaining, now=NEXT_NIGHT, progress=QUIET)

    later = NEXT_NIGHT + timedelta(days=7)
    second = drill(backup, site=site, store=retaining, now=later, progress=QUIET)

    assert (second.rows, second.files) == (first.rows, first.files)
    assert read_backup(retaining, backup.address).proof == first


def test_a_prune_leaves_what_the_bucket_keeps_and_fails_nothing(retaining, site):
    older = take_backup(site, store=retaining, now=NIGHT, progress=QUIET)
    take_backup(site, store=retaining, now=NEXT_NIGHT, progress=QUIET)

    pruned = prune(
        site,
        store=retaining,
        policy=ONE_DAY,
        now=NEXT_NIGHT + GRACE,
        progress=QUIET,
    )

    assert [verdict.address.id for verdict in pruned.retained] == [older.address.id]
    assert (pruned.removed, pruned.kept, pruned.freed_bytes) == ([], 2, 0)
    assert len([n for n in names_in(retaining) if n.endswith("backup.json")]) == 2


def test_a_bucket_that_its_reader_pays_says_how_to_change_that(faulty_google):
    words = "Bucket is a requester pays bucket but no user project provided."
    answer = google_says(400, reason="userProjectMissing", message=words)
    faulty_google.between.fail(lambda _asked, _forward: answer, times=ALWAYS)

    with pytest.raises(StoreRefused, match="--no-requester-pays"):
        faulty_google.store.put("one", b"1")


@pytest.mark.parametrize(
    "message",
    [
        "Access Denied because object protected by object lock.",
        "Object is WORM protected and cannot be overwritten",
    ],
)
def test_object_lock_of_s3_is_no_missing_right(message):
    error = ClientError(
        {
            "Error": {"Code": "AccessDenied", "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": 403},
        },
        "DeleteObject",
    )
    with (
        pytest.raises(ObjectRetained, match="keeps what it has"),
        translated("s3://bucket", bucket="bucket", name="one"),
    ):
        raise error
