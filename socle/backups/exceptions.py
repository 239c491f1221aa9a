"""What can go wrong with a backup: "try again" apart from "look at it"."""


class BackupError(Exception):
    """Anything this app reports to a person: what happened, then the next command."""


class TryAgain(BackupError):
    """Nothing is wrong here: the same command may succeed later."""


class StoreUnavailable(TryAgain):
    """The store did not answer, or answered that it is busy."""


class ServerUnavailable(TryAgain):
    """Postgres did not answer."""


class DatabaseBusy(TryAgain):
    """Other work in Postgres was in the way: a lock, a time limit, a deadlock."""


class AlreadyRunning(TryAgain):
    """Another backup or restore holds the lock."""


class LookAtIt(BackupError):
    """A person has to change something before the same command can succeed."""


class DatabaseRefused(LookAtIt):
    """Postgres answered with an error that will not go away by itself."""


class StoreRefused(LookAtIt):
    """The store answered no: no such bucket, no permission, an unusable key."""


class ObjectRetained(StoreRefused):
    """The bucket keeps the object for now: a retention policy, a lock or a hold."""


class ObjectMissing(LookAtIt):
    """The store has no object of that name."""


class ObjectExists(LookAtIt):
    """The store has an object of that name already; nothing is overwritten."""


class ObjectDamaged(LookAtIt):
    """Bytes that were stored or read are not the bytes that were meant."""


class NotABackup(LookAtIt):
    """There is no complete backup at that URL, or it cannot be read."""


class KeyMissing(LookAtIt):
    """The encryption key is missing, is another one, or cannot be read."""


class DumpFailed(LookAtIt):
    """pg_dump did not write the database out; nothing was stored."""


class FilesLeftOut(LookAtIt):
    """The backup is complete and can be restored, but some files are not in it."""


class MediaUnreadable(LookAtIt):
    """The folder of the uploaded files cannot be walked or written."""


class RestoreRefused(LookAtIt):
    """The backup does not fit this place; nothing was started."""


class RestoreFailed(LookAtIt):
    """The restore stopped. The live database and files are as they were."""


class NothingKept(LookAtIt):
    """There is nothing that an undo could bring back, or a person could forget."""


class SwapInterrupted(BackupError):
    """A swap is neither done nor taken back; its journal says how to settle it."""


class PruneRefused(LookAtIt):
    """Nothing, or not everything, was removed; no backup that stays was touched."""
