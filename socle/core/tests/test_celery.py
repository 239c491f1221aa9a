"""What a worker tells whoever asks it for its settings, as Flower does."""

from types import SimpleNamespace

from celery.worker.control import conf

from config.celery import app


def test_a_worker_tells_its_own_settings_alone(settings):
    told = conf(SimpleNamespace(app=app))

    assert told["task_default_queue"] == "default"
    assert told["task_time_limit"] == 120
    foreign = {"SECRET_KEY", "DATABASES", "CACHES", "REDIS_URL", "EMAIL_HOST_PASSWORD"}
    assert foreign.isdisjoint(told)
    assert {name for name in told if name.isupper()} == set()


def test_the_brokers_password_is_not_told(settings):
    settings.CELERY_BROKER_URL = "redis://:the-password-of-redis@redis:6379/0"

    told = conf(SimpleNamespace(app=app))

    assert "the-password-of-redis" not in str(told)
    assert "redis://" in str(told["broker_url"])
