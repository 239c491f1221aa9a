"""The content of one file, back from the store and proven."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager

from socle.backups.exceptions import ObjectDamaged, ObjectMissing
from socle.backups.format.encryption import Keys
from socle.backups.format.media_manifest import CRC32C, MD5, PIECE_BYTES, MediaFile
from socle.backups.format.namespace import BackupNamespace
from socle.backups.stores import Reader, Store, Writer
from socle.backups.stores.stored_checksums import ChecksumComparison

NO_KEYS = Keys()
WHOLE_BYTES = 4 << 20  # up to here a content is moved in one piece, in memory


@contextmanager
def open_content(
    file: MediaFile, *, store: Store, shelf: BackupNamespace, keys: Keys
) -> Iterator[Reader]:
    """
    The bytes of `file`. Raises ObjectMissing, or ObjectDamaged (at the end of the
    block for a large one) unless they have its size and checksum.
    """
    name = shelf.blob(keys.blob_name(file.content))
    with open_whole(file, store=store, name=name, keys=keys) as content:
        yield content


@contextmanager
def open_whole(
    file: MediaFile, *, store: Store, name: str, keys: Keys = NO_KEYS
) -> Iterator[Reader]:
    """The same for an object of another name; `keys` are those that sealed it."""
    what = f"The content of {file.path!r}, {store.url}/{name},"
    if file.size_bytes <= WHOLE_BYTES:
        data = keys.decrypt(store.read(name), what=what)
        whole = _Proving(io.BytesIO(data), file=file)
        yield whole
        whole.prove(what)
        return
    with store.open(name) as stored, keys.decrypting(stored, what=what) as plain:
        reader = _Proving(plain, file=file)
        yield reader
        reader.prove(what)


def write_content(
    file: MediaFile, *, target: Writer, store: Store, shelf: BackupNamespace, keys: Keys
) -> None:
    """The same into `target`, which must not become anything if this raises."""
    with open_content(file, store=store, shelf=shelf, keys=keys) as content:
        pass_on(content, target)


def pass_on(source: Reader, target: Writer) -> None:
    while piece := source.read(PIECE_BYTES):
        target.write(piece)


@contextmanager
def missing_explained(file: MediaFile) -> Iterator[None]:
    """What a restore says that wants `file` and finds no content of it."""
    try:
        yield
    except ObjectMissing as error:
        raise ObjectMissing(
            f"The content of {file.path!r} is missing: {error} Restore another "
            "backup: ./google_storage.sh -l"
        ) from error


class _Proving:
    """Passes on what `source` gives; knows at the end whether it was `file`."""

    def __init__(self, source: Reader, *, file: MediaFile):
        self._source = source
        self._file = file
        self._size_bytes = 0
        self._sha256 = hashlib.sha256()
        self._proof = _proof_of(file)

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._size_bytes += len(data)
        if self._file.sha256:
            self._sha256.update(data)
        self._proof.update(data)
        return data

    def prove(self, what: str) -> None:
        """Reads what is left. Raises ObjectDamaged."""
        while self.read(1 << 20):
            pass
        same = self._size_bytes == self._file.size_bytes and self._proof.is_met()
        if self._file.sha256:
            same = same and self._sha256.hexdigest() == self._file.sha256
        if not same:
            raise ObjectDamaged(
                f"{what} is damaged: it has {self._size_bytes:,} bytes with another "
                f"checksum than the {self._file.size_bytes:,} bytes that were stored. "
                "Restore another backup: ./google_storage.sh -l"
            )


def _proof_of(file: MediaFile) -> ChecksumComparison:
    """A bucket that tells only a generation has nothing to compare bytes with."""
    kind, _, value = file.checksum.partition(":")
    return (
        ChecksumComparison(**{kind: value})
        if kind in (CRC32C, MD5)
        else ChecksumComparison()
    )
