from types import SimpleNamespace

import pytest
from celery import current_app
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.services import fill_groups

PASSWORD = "yosemite-1941"
USERS = "/admin/accounts/user/"
ELSEWHERE = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}


@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()


@pytest.fixture
def person():
    return User.objects.create_user("ansel@example.com", PASSWORD, first_name="Ansel")


@pytest.fixture
def with_role():
    """Call it for somebody with a role."""
    fill_groups()

    def make(role, email=None, **fields):
        user = User.objects.create_user(
            email or f"{role}@example.com", PASSWORD, **fields
        )
        user.groups.add(Group.objects.get(name=role))
        return user

    return make


@pytest.fixture
def worker():
    """Tasks are run at once, as if a worker had taken them."""
    current_app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield
    current_app.conf.update(task_always_eager=False, task_eager_propagates=False)


@pytest.fixture
def sent(monkeypatch):
    """The tasks that were sent, as (name, arguments); none is run."""
    tasks = []

    def take(task, args=(), **options):
        tasks.append((task.name, list(args)))

    monkeypatch.setattr("celery.Task.apply_async", take)
    return tasks


@pytest.fixture
def boss(client):
    """A superuser, whose browser `client` is."""
    user = User.objects.create_superuser("boss@example.com", PASSWORD)
    with_tokens(user, client)
    return user


@pytest.fixture
def strict():
    """A browser that Django does not excuse from CSRF."""
    return Client(enforce_csrf_checks=True)


def with_tokens(user, client=None):
    """A browser (or `client`) that has the tokens of its sign-in, not yet used."""
    client = client or Client()
    client.force_login(user)
    client.get("/health/live")  # whose answer brings them
    return client


def tokens_of(client):
    return SimpleNamespace(
        access=client.cookies["access"].value, refresh=client.cookies["refresh"].value
    )


def bearer(access):
    return {"authorization": f"Bearer {access}"}
