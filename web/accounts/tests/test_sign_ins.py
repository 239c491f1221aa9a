import logging
import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db import connections, transaction
from django.http import HttpRequest
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import (
    BlacklistedToken,
    OutstandingToken,
)

from accounts import sessions, tokens
from accounts.models import SignIn, User
from accounts.sessions import GRACE, NOTED_EVERY

pytestmark = pytest.mark.django_db
MOMENT = timedelta(seconds=1)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def pair(person, now):
    return sessions.begin(person, request=HttpRequest(), now=now)


def replaced_ago(raw, ago):
    """As if the token had been exchanged that long ago."""
    rows = BlacklistedToken.objects.filter(token__jti=tokens.read_refresh(raw).jti)
    assert rows.update(blacklisted_at=timezone.now() - ago) == 1


# --- recognising ----------------------------------------------------------------


def test_an_access_token_is_recognised_with_one_query(
    pair, now, django_assert_num_queries
):
    sessions.recognise(pair.access, now=now)  # the first use is noted
    with django_assert_num_queries(1):
        found = sessions.recognise(pair.access, now=now)
        assert found.user.email == "ansel@example.com"


def test_use_is_noted_now_and_then(pair, now):
    sessions.recognise(pair.access, now=now)
    later = now + NOTED_EVERY
    sessions.recognise(pair.access, now=later - MOMENT)
    assert SignIn.objects.get().last_used_at == now
    sessions.recognise(pair.access, now=later)
    assert SignIn.objects.get().last_used_at == later


def revoke(user):
    sessions.revoke_all(user, now=timezone.now())


def deactivate(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


def set_another_password(user):
    user.set_password("another-one-22")
    user.save()


def delete(user):
    user.delete()


@pytest.mark.parametrize("act", [revoke, deactivate, set_another_password, delete])
def test_both_tokens_are_useless_at_once(pair, person, now, act):
    assert sessions.recognise(pair.access, now=now)

    act(person)

    assert sessions.recognise(pair.access, now=now) is None
    assert sessions.recognise_refresh(pair.refresh, now=now) is None
    assert sessions.exchange(pair.refresh, now=now) is None


def test_revoking_ends_no_other_sign_in(pair, person, now):
    other = sessions.begin(person, request=HttpRequest(), now=now)

    assert sessions.revoke_all(person, now=now, but=other.sign_in.pk) == 1

    assert sessions.recognise(pair.access, now=now) is None
    assert sessions.recognise(other.access, now=now)
    assert sessions.revoke_all(person, now=now) == 1  # those that had not ended


def test_no_row_holds_a_token(pair):
    assert OutstandingToken.objects.get().token == ""


# --- exchanging -----------------------------------------------------------------


def test_an_exchange_gives_a_successor_and_blacklists_the_old(pair, now):
    second = sessions.exchange(pair.refresh, now=now)

    assert second.refresh != pair.refresh
    assert second.sign_in == pair.sign_in
    assert sessions.recognise(second.access, now=now)
    old = tokens.read_refresh(pair.refresh)
    assert BlacklistedToken.objects.get().token.jti == old.jti
    assert OutstandingToken.objects.count() == 2


def test_an_exchange_gives_fourteen_more_days(pair, now):
    later = now + timedelta(days=10)
    sessions.exchange(pair.refresh, now=later)
    assert SignIn.objects.get().expires_at == later + tokens.REFRESH_LIFETIME


def test_the_same_token_soon_gets_the_same_successor(pair, now):
    second = sessions.exchange(pair.refresh, now=now)
    sessions.recognise(second.access, now=now)  # the successor has arrived

    again = sessions.exchange(pair.refresh, now=now)

    assert again.refresh == second.refresh
    assert SignIn.objects.get().revoked_at is None


def test_a_lost_answer_can_be_asked_for_again_much_later(pair, now):
    second = sessions.exchange(pair.refresh, now=now)
    replaced_ago(pair.refresh, timedelta(hours=9))

    again = sessions.exchange(pair.refresh, now=now)

    assert again.refresh == second.refresh
    assert sessions.recognise_refresh(pair.refresh, now=now)


@pytest.mark.parametrize("use", ["access", "refresh"])
def test_a_token_whose_successor_is_in_use_ends_the_family(pair, now, use, caplog):
    second = sessions.exchange(pair.refresh, now=now)
    newest = second
    if use == "access":
        sessions.recognise(second.access, now=now)
    else:
        newest = sessions.exchange(second.refresh, now=now)
    replaced_ago(pair.refresh, GRACE + MOMENT)

    with caplog.at_level(logging.WARNING):
        assert sessions.exchange(pair.refresh, now=now) is None

    assert SignIn.objects.get().revoked_at == now
    assert sessions.recognise(newest.access, now=now) is None
    assert sessions.exchange(newest.refresh, now=now) is None
    assert "used again" in caplog.text
    assert pair.refresh not in caplog.text


def test_two_exchanges_ago_within_the_grace_gets_the_newest(pair, now):
    second = sessions.exchange(pair.refresh, now=now)
    third = sessions.exchange(second.refresh, now=now)

    assert sessions.exchange(pair.refresh, now=now).refresh == third.refresh


def test_the_grace_ends_after_thirty_seconds(pair, now):
    second = sessions.exchange(pair.refresh, now=now)
    sessions.recognise(second.access, now=now)
    replaced_ago(pair.refresh, GRACE - MOMENT)
    assert sessions.exchange(pair.refresh, now=timezone.now())

    replaced_ago(pair.refresh, GRACE + MOMENT)
    assert sessions.exchange(pair.refresh, now=timezone.now()) is None


def test_asking_about_a_reused_token_changes_nothing(pair, now):
    second = sessions.exchange(pair.refresh, now=now)
    sessions.recognise(second.access, now=now)
    replaced_ago(pair.refresh, GRACE + MOMENT)

    assert sessions.recognise_refresh(pair.refresh, now=now) is None
    assert sessions.recognise_refresh(second.refresh, now=now)


def test_a_token_that_a_restored_database_does_not_know_ends_nothing(pair, now):
    before = SignIn.objects.get()
    second = sessions.exchange(pair.refresh, now=now)
    third = sessions.exchange(second.refresh, now=now)
    before.save()  # the database of before
    BlacklistedToken.objects.all().delete()

    assert sessions.exchange(third.refresh, now=now) is None
    assert SignIn.objects.get().revoked_at is None
    assert sessions.exchange(pair.refresh, now=now)


# --- at the same time ------------------------------------------------------------


def in_threads(count, work):
    """What `work(number)` gives, each in a thread with a connection of its own."""
    results, gate = [None] * count, threading.Barrier(count)

    def run(number):
        try:
            gate.wait(timeout=20)
            results[number] = work(number)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[n]) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def exchange_now(raw, _number):
    return sessions.exchange(raw, now=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_tabs_that_exchange_at_once_all_get_the_same_successor(pair):
    for _round in range(5):
        found = in_threads(6, partial(exchange_now, pair.refresh))
        assert len({one.refresh for one in found}) == 1
        pair = found[0]
    assert OutstandingToken.objects.count() == 6
    assert BlacklistedToken.objects.count() == 5
    assert SignIn.objects.get().revoked_at is None


@pytest.mark.django_db(transaction=True)
def test_an_exchange_waits_for_one_that_has_begun(pair, person, now):
    """Not by chance: the second asks while the first holds the row."""
    answers = []
    with transaction.atomic():
        SignIn.objects.select_for_update().get()
        thread = threading.Thread(
            target=lambda: answers.extend(
                in_threads(1, lambda _n: sessions.exchange(pair.refresh, now=now))
            )
        )
        thread.start()
        thread.join(timeout=0.5)
        assert answers == []
        row = SignIn.objects.get()
        sessions._rotate(row, now=now)
    thread.join(timeout=20)

    assert answers[0].refresh == sessions.pair_of(row, now=now).refresh


@pytest.mark.django_db(transaction=True)
def test_revoking_during_an_exchange_wins(pair, person):
    def act(number):
        if number:
            return sessions.revoke_all(person, now=timezone.now())
        return sessions.exchange(pair.refresh, now=timezone.now())

    exchanged, ended = in_threads(2, act)

    assert ended == 1
    newest = exchanged or pair
    assert sessions.recognise(newest.access, now=timezone.now()) is None
    assert sessions.exchange(newest.refresh, now=timezone.now()) is None
