"""Optional encryption on our side, in the age format: `age -d -i KEYFILE` opens it."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pyrage

from socle.backups.exceptions import KeyMissing, ObjectDamaged
from socle.backups.format.age_encryption import Remembering, Source, Target
from socle.backups.stores import Reader, Writer

METHOD = "age"
Identity: TypeAlias = Any  # pyrage.x25519.Identity: the library has no types


@dataclass(frozen=True)
class Keys:
    """
    The first of `identities` encrypts what is new; each of them opens what is old.
    None means that nothing is encrypted.
    """

    identities: tuple[Identity, ...] = field(default=(), repr=False)

    @classmethod
    def parse(cls, text: str) -> "Keys":
        """
        Keys of `age-keygen`, separated by blanks or commas; lines with # are comments.

        Raises KeyMissing for anything else; the key itself is not in the message.
        """
        lines = (
            line for line in text.splitlines() if not line.lstrip().startswith("#")
        )
        words = " ".join(lines).replace(",", " ").split()
        try:
            return cls(tuple(pyrage.x25519.Identity.from_str(word) for word in words))
        except pyrage.IdentityError as error:
            raise KeyMissing(
                f"BACKUP_ENCRYPTION_KEY cannot be read: {error}. It is what "
                "`age-keygen` prints, AGE-SECRET-KEY-1…; a new one: "
                "./google_storage.sh --new-key"
            ) from error

    @property
    def recipient(self) -> str:
        """The public half of the key that encrypts; empty when none does."""
        return str(self.identities[0].to_public()) if self.identities else ""

    def for_recipient(self, recipient: str, *, what: str) -> "Keys":
        """
        The keys to read something that was encrypted for `recipient` (or for nobody).

        Raises KeyMissing when none of these fits.
        """
        if not recipient:
            return Keys()
        for identity in self.identities:
            if str(identity.to_public()) == recipient:
                return Keys((identity,))
        has = "another key" if self.identities else "no key"
        raise KeyMissing(
            f"{what} is encrypted for {recipient}, and BACKUP_ENCRYPTION_KEY holds "
            f"{has}. Add the key that it was made with to BACKUP_ENCRYPTION_KEY in "
            ".env (several are separated by commas), then run this again."
        )

    def blob_name(self, sha256: str) -> str:
        """
        What a content is called in the store: its sha256, or with a key something
        that nobody without the key can tell from a known file's sha256.
        """
        if not self.identities:
            return sha256
        secret = hashlib.sha256(b"names of blobs" + str(self.identities[0]).encode())
        return hmac.digest(secret.digest(), bytes.fromhex(sha256), "sha256").hex()

    def encrypt(self, data: bytes) -> bytes:
        if not self.identities:
            return data
        return pyrage.encrypt(data, [self.identities[0].to_public()])

    def decrypt(self, data: bytes, *, what: str) -> bytes:
        """Raises ObjectDamaged for anything that `encrypt` did not give."""
        if not self.identities:
            return data
        try:
            return pyrage.decrypt(data, list(self.identities))
        except pyrage.DecryptError as error:
            raise _damaged(what, error) from error

    @contextmanager
    def encrypting(self, target: Writer) -> Iterator[Writer]:
        """What is written into the result arrives in `target` encrypted."""
        if not self.identities:
            yield target
            return
        recipients = [self.identities[0].to_public()]
        sink = Remembering(write=target.write)
        with Target(
            lambda source: pyrage.encrypt_io(source, sink, recipients), sink=sink
        ) as plain:
            yield plain
            plain.finish()

    @contextmanager
    def decrypting(self, source: Reader, *, what: str) -> Iterator[Reader]:
        """
        Reading the result gives what `source` holds, decrypted and proven; the reads
        raise ObjectDamaged.
        """
        if not self.identities:
            yield source
            return
        identities = list(self.identities)
        origin = Remembering(read=source.read)
        with Source(
            lambda sink: pyrage.decrypt_io(origin, sink, identities),
            origin=origin,
            damaged=lambda error: _damaged(what, error),
        ) as plain:
            yield plain


def _damaged(what: str, error: BaseException) -> ObjectDamaged:
    return ObjectDamaged(
        f"{what} cannot be decrypted: {error}. Its bytes are damaged. Other backups: "
        "./google_storage.sh -l"
    )
