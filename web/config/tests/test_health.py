import pytest
from django.db import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from config import health


def test_live_touches_nothing(client):
    assert client.get("/health/live").status_code == 200


@pytest.mark.django_db
def test_ready_when_the_services_answer(client):
    response = client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {"database": "ok", "redis": "ok"}


@pytest.mark.django_db
def test_not_ready_names_each_service_that_does_not_answer(client, monkeypatch):
    def no_database():
        raise OperationalError("connection refused\nsecond line")

    def no_redis(_key):
        raise RedisConnectionError("Error 111 connecting")

    monkeypatch.setattr(health.connection, "cursor", no_database)
    monkeypatch.setattr(health.cache, "get", no_redis)

    response = client.get("/health/ready")

    assert response.status_code == 503
    assert response.json() == {
        "database": "connection refused",
        "redis": "Error 111 connecting",
    }
