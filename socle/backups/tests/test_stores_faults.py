"""What both kinds of bucket do when the server or the way to it fails."""

import threading
import time
from contextlib import suppress
from uuid import uuid4

import pytest

from socle.backups.exceptions import (
    ObjectDamaged,
    ObjectExists,
    ObjectMissing,
    StoreRefused,
    StoreUnavailable,
)
from socle.backups.stores import google_uploads, open_store
from socle.backups.stores.retry import Patience
from socle.backups.tests import faults
from socle.backups.tests.conftest import names_in
from socle.backups.tests.faults import ALWAYS, Answer, answered
from socle.backups.tests.faulty import (
    LARGE,
    PATIENCE_SECONDS,
    PIECE,
    Faulty,
    received,
    send,
)
from socle.embedded.testing import BUCKET


def everything(faulty: Faulty, fail) -> None:
    """Each kind of request, after `fail` has made the next ones fail."""
    store = faulty.store
    fail()
    store.put("small", b"small")
    fail()
    assert store.read("small") == b"small"
    fail()
    assert store.find("small").size_bytes == 5
    fail()
    assert store.find("nothing") is None
    fail()
    send(store, "large", LARGE)
    fail()
    assert received(store, "large") == LARGE
    fail()
    assert store.copy("copy", source=store, source_name="small").size_bytes == 5
    fail()
    assert names_in(store) == ["copy", "large", "small"]
    fail()
    store.delete("small")
    assert names_in(store) == ["copy", "large"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_burst_of_failures_is_outlived(faulty, status):
    everything(faulty, lambda: faulty.between.fail(answered(status), times=2))


def test_cut_connections_are_outlived(faulty):
    everything(faulty, lambda: faulty.between.fail(faults.cut, times=2))


def test_truncated_answers_are_outlived(faulty):
    everything(faulty, lambda: faulty.between.fail(faults.truncated))


def test_a_lost_answer_is_not_taken_for_a_failure(faulty):
    everything(faulty, lambda: faulty.between.fail(faults.lost))


@pytest.mark.parametrize("after", range(4))
def test_a_lost_answer_to_any_piece_is_not_taken_for_a_failure(faulty, after):
    for name, request in (("a", faulty.piece), ("b", faulty.last)):
        faulty.between.heal()
        faulty.between.fail(faults.lost, after=after, **request)
        send(faulty.store, name, LARGE)
        assert received(faulty.store, name) == LARGE


def test_a_lost_answer_is_taken_for_ours_only_if_the_bytes_are(faulty):
    """The precondition that refuses our second try may be another writer's work."""
    between = faulty.between

    def overtaken(request, forward):
        between.heal()
        faulty.open(Patience(1)).put("a", b"theirs")
        between.fail(answered(412), times=ALWAYS, **faulty.put)
        return Answer(503)

    between.fail(overtaken, **faulty.put)
    with pytest.raises(ObjectExists):
        faulty.store.put("a", b"ours")
    between.heal()
    assert faulty.store.read("a") == b"theirs"


def test_a_download_goes_on_where_it_was_cut(faulty):
    send(faulty.store, "a", LARGE)
    faulty.between.heal()
    faulty.between.fail(faults.truncated, method="GET", times=3)
    assert received(faulty.store, "a") == LARGE
    ranges = [request.headers.get("Range") for request in faulty.between.seen]
    assert ranges[0] is None
    assert len(ranges) == 4
    assert all(ranges[1:])
    for request in faulty.between.seen[1:]:
        assert "generation=" in request.path or "If-Match" in request.headers


def test_a_download_never_goes_on_in_another_object(faulty):
    send(faulty.store, "a", LARGE)
    with faulty.store.open("a") as source:
        faulty.between.fail(faults.truncated, method="GET")
        assert source.read(1000) == LARGE[:1000]
        faulty.store.delete("a")
        send(faulty.store, "a", LARGE[::-1])
        with pytest.raises((ObjectMissing, ObjectDamaged)):
            source.read()


def test_a_flipped_bit_is_noticed(faulty):
    send(faulty.store, "large", LARGE)
    faulty.store.put("small", b"small")
    faulty.between.fail(faults.flipped, method="GET", times=2)
    with pytest.raises(ObjectDamaged, match="large is damaged"):
        received(faulty.store, "large")
    with pytest.raises(ObjectDamaged, match="small is damaged"):
        faulty.store.read("small")
    assert faulty.store.read("small") == b"small"


def test_a_store_that_stays_away_is_unavailable_in_time(faulty):
    faulty.between.fail(answered(503, b"come back later"), times=ALWAYS)
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match=r"cannot be reached.*storage\.sh -a"):
        list(faulty.impatient.list(""))
    with pytest.raises(StoreUnavailable):
        faulty.impatient.put("a", b"")
    assert time.monotonic() - began < 20
    assert len(faulty.between.seen) > 2


def test_a_server_that_hangs_is_given_up(faulty, monkeypatch):
    over = threading.Event()
    faulty.between.fail(faults.hanging(until=over), times=ALWAYS)
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        list(faulty.hurried().list(""))
    assert time.monotonic() - began < 30
    over.set()


def test_a_wrong_checksum_in_an_answer_fails_the_upload(faulty):
    for right, wrong in faulty.sums(LARGE):
        faulty.between.fail(faults.replaced(right, wrong), times=ALWAYS)
        with (
            pytest.raises(ObjectDamaged, match="arrived"),
            faulty.store.create("a") as target,
        ):
            target.write(LARGE)
        faulty.between.heal()
        assert names_in(faulty.store) == []


def test_a_stream_whose_piece_fails_for_good_never_appears(faulty):
    faulty.between.fail(answered(503), times=ALWAYS, after=1, **faulty.piece)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        send(faulty.impatient, "a", LARGE)
    faulty.between.heal()
    assert names_in(faulty.store) == []


def test_a_write_after_a_failed_one_does_not_publish_half(faulty):
    """A library's `with` may still write while the failure passes through it."""
    faulty.between.fail(answered(400), after=1, **faulty.piece)

    def write_after_failure():
        with faulty.store.create("a") as target:
            try:
                target.write(LARGE)
            except StoreRefused:
                target.write(LARGE[:PIECE])

    with pytest.raises(StoreUnavailable, match="failed before"):
        write_after_failure()
    assert names_in(faulty.store) == []


def test_a_failure_that_is_swallowed_does_not_publish_half(faulty):
    faulty.between.fail(answered(400), after=1, **faulty.piece)

    def swallow():
        with faulty.store.create("a") as target, suppress(StoreRefused):
            target.write(LARGE)

    with pytest.raises(StoreUnavailable, match="failed before"):
        swallow()
    assert names_in(faulty.store) == []


def test_what_failed_for_good_is_not_asked_again(faulty):
    for status in (400, 403):
        faulty.between.heal()
        faulty.between.fail(answered(status), times=ALWAYS)
        with pytest.raises(StoreRefused):
            faulty.store.read("a")
        assert len(faulty.between.seen) == 1


def test_a_store_without_room_says_so(faulty):
    faulty.between.fail(answered(507), times=ALWAYS, **faulty.put)
    with pytest.raises(StoreRefused, match=r"no room left.*Make room"):
        faulty.store.put("a", b"data")
    faulty.between.fail(answered(507), times=ALWAYS, **faulty.piece)
    with pytest.raises(StoreRefused, match="no room left"):
        send(faulty.store, "b", LARGE)
    assert names_in(faulty.store) == []


def test_preconditions_are_asked_for_and_believed(faulty):
    """The emulator and rclone ignore some of them; Google and Amazon do not."""
    faulty.between.fail(answered(412), **faulty.put)
    with pytest.raises(ObjectExists):
        faulty.store.put("a", b"1")
    faulty.between.fail(answered(412), **faulty.last)
    with pytest.raises(ObjectExists):
        send(faulty.store, "a", LARGE)
    faulty.store.put("b", b"1")
    faulty.between.fail(answered(412), method="DELETE")
    with pytest.raises(ObjectExists):
        faulty.store.delete("b", generation=faulty.store.find("b").generation)


def test_what_google_kept_of_a_piece_is_not_sent_again(faulty_google):
    faulty_google.between.fail(faults.half, **faulty_google.piece)
    faulty_google.between.fail(faults.half, after=2, **faulty_google.piece)
    send(faulty_google.store, "a", LARGE)
    assert received(faulty_google.store, "a") == LARGE


def test_the_emulator_is_never_asked_how_far_it_has_come(faulty_google, monkeypatch):
    """It would publish what it has."""
    monkeypatch.undo()
    monkeypatch.setattr(google_uploads, "PIECE_BYTES", PIECE)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", faulty_google.between.url)
    store = open_store(f"gs://{BUCKET}/{uuid4()}", patience_seconds=PATIENCE_SECONDS)
    faulty_google.between.fail(faults.lost, after=1, **faulty_google.piece)
    with pytest.raises(StoreRefused, match="Run it again"):
        send(store, "a", LARGE)
    assert names_in(store) == []
