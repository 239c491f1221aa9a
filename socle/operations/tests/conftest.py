import os
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache

from accounts.models import User
from accounts.services import fill_groups
from socle.backups.stores import open_store

NIGHT = datetime(2026, 11, 21, 3, tzinfo=UTC)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_remembered():
    cache.clear()


@pytest.fixture
def store(settings, tmp_path):
    """The store of the site, a folder, empty."""
    settings.BACKUP_STORAGE_URL = (tmp_path / "store").as_uri()
    settings.MEDIA_ROOT = tmp_path / "media" / "live"
    settings.MEDIA_ROOT.mkdir(parents=True)
    os.utime(settings.MEDIA_ROOT.parent, (0, 0))  # no swap has just changed it
    store = open_store(settings.BACKUP_STORAGE_URL)
    store.prepare()
    return store


def operator():
    """Somebody who may see everything here, and is no staff."""
    fill_groups()
    user = User.objects.create_user("ops@example.com", "night-shift")
    user.groups.add(Group.objects.get(name="operator"))
    return user


@pytest.fixture
def staff(client, db):
    """A signed-in browser of an operator."""
    client.force_login(operator())
    return client
