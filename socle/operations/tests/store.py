"""The site's store of backups, empty, for one test."""

import os

import pytest
from django.core.cache import cache

from socle.backups.stores import open_store


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
