from types import SimpleNamespace

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisIsAway

from socle.core.api.throttles import WindowThrottle


class Throttle(WindowThrottle):
    THROTTLE_RATES = {"try": "3/minute"}
    now_seconds = 1_000_000_020.0

    def timer(self):
        return type(self).now_seconds


@pytest.fixture
def allowed(rf):
    cache.clear()
    view = SimpleNamespace(throttle_scope="try")

    def ask(address="198.51.100.7"):
        request = rf.get("/", REMOTE_ADDR=address)
        request.user = None
        return Throttle().allow_request(request, view)

    return ask


def test_the_fourth_within_a_minute_is_refused_and_others_are_not(allowed):
    assert [allowed() for _ in range(4)] == [True, True, True, False]
    assert allowed("203.0.113.9")


def test_the_next_minute_begins_anew(allowed, monkeypatch):
    for _ in range(4):
        allowed()
    monkeypatch.setattr(Throttle, "now_seconds", Throttle.now_seconds + 60)

    assert allowed()


def test_it_says_how_long_to_wait(allowed, rf):
    throttle = Throttle()
    request = rf.get("/", REMOTE_ADDR="192.0.2.1")
    request.user = None
    throttle.allow_request(request, SimpleNamespace(throttle_scope="try"))

    assert throttle.wait() == 60 - 1_000_000_020 % 60


def test_views_without_a_scope_are_free(rf):
    assert Throttle().allow_request(rf.get("/"), SimpleNamespace())


def test_without_redis_nobody_is_stopped(allowed, monkeypatch, caplog):
    def away(*_args, **_options):
        raise RedisIsAway("nobody there")

    monkeypatch.setattr(cache, "add", away)

    assert all(allowed() for _ in range(5))
    assert "cannot be counted" in caplog.text
