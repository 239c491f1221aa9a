"""What can be wrong with an upload. Each has a code for programs, a text for people."""


class UploadRefused(Exception):
    """This one file is not taken; the others are not touched by it."""

    code = "refused"


class EmptyFile(UploadRefused):
    code = "empty"


class FileTooLarge(UploadRefused):
    code = "too_large"


class NotAnImage(UploadRefused):
    code = "not_an_image"


class RawFile(UploadRefused):
    code = "raw_file"


class TooManyPixels(UploadRefused):
    code = "too_many_pixels"


class DamagedZip(UploadRefused):
    code = "damaged_zip"


class ZipBomb(UploadRefused):
    code = "zip_bomb"


class UnsafePath(UploadRefused):
    code = "unsafe_path"


class ZipInZip(UploadRefused):
    code = "zip_in_zip"


class NoPhotoInZip(UploadRefused):
    code = "no_photo"


class PassedOver(UploadRefused):
    """No fault: files of a zip that are no photos by their names."""

    code = "passed_over"


class NoRoomLeft(UploadRefused):
    code = "no_room"


class UnreadablePhoto(Exception):
    """The photo cannot be decoded to its end. Trying again would not help."""


class StorageFault(Exception):
    """Folder or bucket gave no file, or took none. The same photo works later."""


class UploadProblem(Exception):
    """Why a chunk of an upload is not taken; what came before it is kept."""

    code = "upload_problem"


class WrongOffset(UploadProblem):
    code = "wrong_offset"


class UploadBusy(UploadProblem):
    code = "upload_busy"


class UploadExpired(UploadProblem):
    code = "upload_expired"


class UploadTooLarge(UploadProblem):
    code = "too_large"


class TooManyUploads(UploadProblem):
    code = "too_many_uploads"


class DiskFull(UploadProblem):
    code = "no_room"


class DownloadFailed(Exception):
    """A zip of a gallery cannot be made. The text says why, for its visitor."""
