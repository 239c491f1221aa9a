"""The content of one file, back from the store and proven."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

from backups.addresses import Shelf
from backups.checksums import HashingReader
from backups.encryption import Keys
from backups.manifest import MediaFile
from backups.stores import Reader, Store

WHOLE_BYTES = 4 << 20  # up to here a content is moved in one piece, in memory


@contextmanager
def open_content(
    file: MediaFile, *, store: Store, shelf: Shelf, keys: Keys
) -> Iterator[Reader]:
    """
    The bytes of `file`. Raises ObjectMissing, or ObjectDamaged (at the end of the
    block for a large one) unless they have its size and sha256.
    """
    name = shelf.blob(keys.blob_name(file.sha256))
    what = f"The content of {file.path!r}, {store.url}/{name},"
    if file.size_bytes <= WHOLE_BYTES:
        whole = HashingReader(io.BytesIO(keys.decrypt(store.read(name), what=what)))
        yield whole
        whole.prove(what, size_bytes=file.size_bytes, sha256=file.sha256)
        return
    with store.open(name) as stored, keys.decrypting(stored, what=what) as plain:
        reader = HashingReader(plain)
        yield reader
        reader.prove(what, size_bytes=file.size_bytes, sha256=file.sha256)
