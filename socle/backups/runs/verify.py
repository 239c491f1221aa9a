"""Read everything that backups name, and compare each byte with its checksum."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from socle.backups.exceptions import LookAtIt
from socle.backups.format.backup_metadata import Backup
from socle.backups.format.blobs import open_content
from socle.backups.format.encryption import Keys
from socle.backups.format.media_manifest import (
    PIECE_BYTES,
    MediaFile,
    open_part,
    read_manifest,
)
from socle.backups.format.namespace import BackupNamespace
from socle.backups.progress import Progress
from socle.backups.stores import Reader, Store
from socle.backups.threads import THREADS, map_in_threads

READING = "Reading contents"


@dataclass
class Report:
    """What was read, and a sentence about each thing that is not as it was stored."""

    contents: int = 0
    size_bytes: int = 0
    damage: list[str] = field(default_factory=list)


class Verifier:
    """Verifies one backup after another; a content that several name is read once."""

    def __init__(self, store: Store, *, progress: Progress):
        self._store = store
        self._progress = progress
        self._seen: dict[bytes, bool] = {}
        """Whether each content was right, by its name in the store."""

    def verify(self, backup: Backup) -> Report:
        """
        Goes on after damage, so that the report names all of it.

        Raises KeyMissing, StoreUnavailable or StoreRefused.
        """
        backup.opening_keys  # noqa: B018  raises before anything is read
        report = Report()
        self._progress.say(f"Reading {backup.url}")
        try:
            self._verify_dump(backup, report=report)
        except LookAtIt as error:
            report.damage.append(str(error))
        try:
            self._expect_contents(backup, report=report)
        except LookAtIt as error:
            report.damage.append(str(error))
        if not report.damage:
            self._verify_contents(backup, report=report)
        return report

    def _verify_dump(self, backup: Backup, *, report: Report) -> None:
        dump = backup.record.database.dump
        with open_part(backup, dump, store=self._store) as source:
            for size_bytes in _drain(source):
                self._progress.moved(
                    "Reading the dump",
                    size_bytes=size_bytes,
                    total_bytes=dump.size_bytes,
                )
        report.size_bytes += dump.size_bytes

    def _expect_contents(self, backup: Backup, *, report: Report) -> None:
        """Reads the manifest to its end, and counts what is to be read after it."""
        keys = backup.opening_keys
        names: set[bytes] = set()
        total_bytes = 0
        for file in read_manifest(backup, store=self._store):
            if file.content:
                name = _name(file, keys=keys)
                if name not in names and name not in self._seen:
                    names.add(name)
                    total_bytes += file.size_bytes
        report.size_bytes += backup.record.media.manifest.size_bytes
        self._progress.expect(READING, total_bytes=total_bytes, total_files=len(names))

    def _verify_contents(self, backup: Backup, *, report: Report) -> None:
        checker = _Checker(
            self._store, shelf=backup.address.shelf, keys=backup.opening_keys
        )
        size_bytes = 0
        for file, name, problem in map_in_threads(
            checker.check, self._unread(backup, report), threads=THREADS
        ):
            self._seen[name] = not problem
            report.contents += 1
            size_bytes += file.size_bytes
            if problem:
                report.damage.append(problem)
            self._progress.moved(READING, size_bytes=size_bytes, files=report.contents)
        report.size_bytes += size_bytes

    def _unread(
        self, backup: Backup, report: Report
    ) -> Iterator[tuple[MediaFile, bytes]]:
        keys = backup.opening_keys
        for file in read_manifest(backup, store=self._store):
            if not file.content:
                continue
            name = _name(file, keys=keys)
            if name not in self._seen:
                self._seen[name] = True
                yield file, name
            elif not self._seen[name]:
                report.damage.append(f"{file.path!r} has a content that is damaged.")


class _Checker:
    def __init__(self, store: Store, *, shelf: BackupNamespace, keys: Keys):
        self._store = store
        self._shelf = shelf
        self._keys = keys

    def check(self, item: tuple[MediaFile, bytes]) -> tuple[MediaFile, bytes, str]:
        file, name = item
        try:
            with open_content(
                file, store=self._store, shelf=self._shelf, keys=self._keys
            ):
                pass  # it reads at its end what nobody has read
        except LookAtIt as error:
            return file, name, str(error)
        return file, name, ""


def _name(file: MediaFile, *, keys: Keys) -> bytes:
    """Of its content in the store, short: there may be many."""
    return bytes.fromhex(keys.blob_name(file.content))


def _drain(source: Reader) -> Iterator[int]:
    """How many bytes were read so far, to the end."""
    size_bytes = 0
    while piece := source.read(PIECE_BYTES):
        size_bytes += len(piece)
        yield size_bytes
