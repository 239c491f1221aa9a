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


class NoRoomLeft(UploadRefused):
    code = "no_room"


class UnreadablePhoto(Exception):
    """The photo cannot be decoded to its end. Trying again would not help."""
