"""The checksums that stores keep, over bytes that pass."""

import base64
import hashlib

import google_crc32c


def crc32c_of(data: bytes) -> str:
    """As the stores report it: base64 of four bytes."""
    return base64.b64encode(google_crc32c.Checksum(data).digest()).decode()


def md5_of(data: bytes) -> bytes:
    """Guards against accidents only; S3 knows nothing better for every server."""
    return hashlib.md5(data, usedforsecurity=False).digest()


class ChecksumComparison:
    """Compares the bytes that pass with whichever checksum is known of the whole."""

    def __init__(self, *, crc32c: str = "", md5: str = ""):
        """crc32c in base64, md5 in hexadecimal digits; empty for unknown."""
        self._crc32c = crc32c
        self._md5 = "" if crc32c else md5
        self._digest = google_crc32c.Checksum() if crc32c else None
        self._slow_digest = hashlib.md5(usedforsecurity=False)

    def update(self, data: bytes) -> None:
        if self._digest is not None:
            self._digest.update(data)
        elif self._md5:
            self._slow_digest.update(data)

    def is_met(self) -> bool:
        if self._digest is not None:
            return base64.b64encode(self._digest.digest()).decode() == self._crc32c
        return not self._md5 or self._slow_digest.hexdigest() == self._md5
