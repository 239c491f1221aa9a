"""Deletes rows, and their files once that is certain."""

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from django.core.files.storage import Storage, default_storage, storages
from django.db import transaction
from django.utils import timezone

from gallery.models import Download, Gallery, Photo
from gallery.queue import enqueue_download

logger = logging.getLogger(__name__)
AT_ONCE = 8  # a bucket takes its time for each, and many at once


def delete_photo(photo: Photo) -> None:
    delete_photos(Photo.objects.filter(pk=photo.pk))


@transaction.atomic
def delete_photos(photos) -> int:
    """Returns how many there were."""
    names = files_of(photos)
    galleries = list(photos.order_by().values_list("gallery", flat=True).distinct())
    _count, of_each_model = photos.delete()
    drop_zips(galleries)
    transaction.on_commit(partial(delete_files, names))
    return of_each_model.get("gallery.Photo", 0)


@transaction.atomic
def delete_gallery(gallery: Gallery) -> None:
    """With its photos and the zips of them."""
    # A photo that comes in now waits for this row, and then finds no gallery.
    Gallery.objects.select_for_update().get(pk=gallery.pk)
    names = files_of(gallery.photos.all())
    zips = list(gallery.downloads.values_list("file", flat=True))
    Gallery.objects.filter(pk=gallery.pk).delete()
    transaction.on_commit(partial(delete_files, names))
    transaction.on_commit(partial(delete_files, zips, storage=storages["downloads"]))


@transaction.atomic
def drop_zips(galleries: Iterable[int]) -> None:
    """
    After photos have left these galleries: the zips with them in it are deleted, and
    those that are being packed are begun anew.

    galleries: their ids.
    """
    State = Download.State
    zips = Download.objects.filter(gallery__in=galleries)
    packing = zips.filter(state__in=[State.WAITING, State.WORKING])
    for download in packing:
        transaction.on_commit(partial(enqueue_download, download))
    # First: from here on none of them can become ready with what is gone.
    packing.update(
        state=State.WAITING,
        run=None,
        attempts=0,
        packed_count=0,
        touched_at=timezone.now(),
    )
    ready = zips.filter(state=State.READY)
    names = list(ready.values_list("file", flat=True))
    ready.delete()
    transaction.on_commit(partial(delete_files, names, storage=storages["downloads"]))


def files_of(photos) -> list[str]:
    fields = ("original", "without_location", "preview", "thumbnail")
    rows = photos.order_by().values_list(*fields)
    return [name for names in rows for name in names]


def delete_files(names: Iterable[str], *, storage: Storage = default_storage) -> None:
    """Those that cannot be deleted are logged: the rows are gone already."""
    names = [name for name in names if name]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        list(pool.map(partial(delete_file, storage), names))
    for folder in {name.rpartition("/")[0] for name in names}:
        remove_if_empty(folder)


def delete_file(storage: Storage, name: str) -> None:
    try:
        storage.delete(name)
    except Exception:  # whatever a bucket's library raises
        logger.exception("%s belongs to nothing any more and is left over.", name)


def remove_if_empty(folder: str) -> None:
    """A photo's own folder; buckets have none."""
    if folder.startswith("photos/"):
        with suppress(NotImplementedError, OSError):
            Path(default_storage.path(folder)).rmdir()
