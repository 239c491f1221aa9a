from gallery.models.downloads import Download
from gallery.models.galleries import Gallery
from gallery.models.photos import (
    MOST_ATTEMPTS,
    NAME_LENGTH,
    RUN_IS_LOST_AFTER,
    Photo,
    new_position,
    shared_file,
)
from gallery.models.uploads import Upload

__all__ = [
    "MOST_ATTEMPTS",
    "NAME_LENGTH",
    "RUN_IS_LOST_AFTER",
    "Download",
    "Gallery",
    "Photo",
    "Upload",
    "new_position",
    "shared_file",
]
