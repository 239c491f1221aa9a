"""What the site cannot do without: database, Redis, media, migrations."""

import errno
import tempfile
import time
from pathlib import Path

import redis as redis_client
from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError, ResponseError

from socle.core.health import commands
from socle.core.health.results import CheckState, Fact, check, first_line
from socle.core.writable_folders import owner_of

MINUTE = 60
REDIS_SECONDS = 2
BUCKET_SECONDS = 3
PROBE = "health"
NAMED_MIGRATIONS = 5


@check(essential=True, remedy=lambda: commands.logs("postgres"))
def database() -> Fact:
    """Only a query proves that it answers."""
    began = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = cursor.fetchone()[0].split()[0]
    except DatabaseError as error:
        says = format_lazy(
            _("Postgres does not answer: {error}"), error=first_line(error)
        )
        return Fact("database", CheckState.FAIL, says, commands.start("postgres"))
    says = format_lazy(
        _("Postgres {version} answered in {ms} ms."),
        version=version,
        ms=_milliseconds(began),
    )
    return Fact("database", CheckState.OK, says)


@check(essential=True, remedy=lambda: commands.logs("redis"))
def redis() -> Fact:
    """Also that it takes what is written: one that is full answers, and takes none."""
    began = time.monotonic()
    try:
        with redis_client.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=REDIS_SECONDS,
            socket_connect_timeout=REDIS_SECONDS,
        ) as client:
            client.set(f"{PROBE}:written", 1, ex=MINUTE)
            version = client.info("server")["redis_version"]
    except (RedisError, OSError) as error:
        says = format_lazy(
            _("Redis does not answer, or takes nothing: {error}"),
            error=first_line(error),
        )
        runs = isinstance(error, ResponseError)
        todo = commands.logs("redis") if runs else commands.start("redis")
        return Fact("redis", CheckState.FAIL, says, todo)
    says = format_lazy(
        _("Redis {version} answered in {ms} ms."),
        version=version,
        ms=_milliseconds(began),
    )
    return Fact("redis", CheckState.OK, says)


# Kept for what it costs: all migrations of the code are read.
@check(essential=True, keep_seconds=MINUTE, remedy=lambda: commands.logs("postgres"))
def migrations() -> Fact:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    missing = [f"{one.app_label}.{one.name}" for one, _backwards in plan]
    if not missing:
        return Fact("migrations", CheckState.OK, _("The database has every migration."))
    names = ", ".join(missing[:NAMED_MIGRATIONS])
    if len(missing) > NAMED_MIGRATIONS:
        names += ", …"
    says = format_lazy(
        _("The database lacks {count} of the migrations: {names}"),
        count=len(missing),
        names=names,
    )
    return Fact("migrations", CheckState.FAIL, says, commands.migrating())


@check(
    essential=True,
    # A bucket is outside and slow; the folder is asked each time, it costs nothing.
    keep_seconds=MINUTE if settings.MEDIA_STORAGE_URL else 0,
    remedy=lambda: _repairing_storage(),
)
def storage() -> Fact:
    """Where uploads are kept takes them. How much room is left is another fact."""
    bucket = settings.MEDIA_STORAGE_URL
    try:
        folders = [Path(settings.FILE_UPLOAD_TEMP_DIR)]  # of uploads that come in
        if bucket:
            ask_bucket(storages["default"])
        else:
            folders.append(Path(settings.MEDIA_ROOT))
        for folder in folders:
            prove(folder)
    except FolderFails as problem:
        return Fact("storage", CheckState.FAIL, problem.says, problem.todo)
    except Exception as error:  # each of the two libraries has its own
        says = format_lazy(
            _("The bucket {url} does not answer: {error}"),
            url=bucket,
            error=first_line(error),
        )
        return Fact("storage", CheckState.FAIL, says, _repairing_storage())
    if bucket:
        says = format_lazy(_("The bucket {url} answers."), url=bucket)
    else:
        says = format_lazy(
            _("The folder {folder} can be written."), folder=settings.MEDIA_ROOT
        )
    return Fact("storage", CheckState.OK, says)


class FolderFails(Exception):
    def __init__(self, folder: Path, error: OSError):
        super().__init__(str(folder))
        self.says = format_lazy(
            _("The folder {folder} cannot be written: {error} ({owner})."),
            folder=folder,
            error=error.strerror,
            owner=owner_of(folder),
        )
        self.todo = commands.manage("check_folders")


def prove(folder: Path) -> None:
    """Write and delete a file. Nothing is made: a restore may be renaming it now."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-"):
            pass
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:  # the disk's own fact
            raise FolderFails(folder, error) from error


def ask_bucket(media: Storage) -> None:
    """List one file. Raises what the bucket's library raises."""
    location = getattr(media, "location", "")
    if settings.MEDIA_STORAGE_URL.startswith("gs:"):
        client = media.client  # type: ignore[attr-defined]
        found = client.list_blobs(
            media.bucket_name,  # type: ignore[attr-defined]
            prefix=location,
            max_results=1,
            timeout=BUCKET_SECONDS,
            retry=None,
        )
        next(iter(found), None)
        return
    bucket = media.bucket  # type: ignore[attr-defined]
    bucket.meta.client.list_objects_v2(Bucket=bucket.name, Prefix=location, MaxKeys=1)


def _repairing_storage() -> str:
    if settings.MEDIA_STORAGE_URL:
        return "./google_storage.sh -a"
    return commands.manage("check_folders")


def _milliseconds(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
