"""A photo with its three files in the storage, without the work of drawing them."""

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from gallery.models import Photo
from gallery.tests.photos import jpeg


def stored_photo(gallery, owner, *, name="camp.jpg", seed=0, content=b"") -> Photo:
    content = content or jpeg(seed=seed)
    photo = Photo(
        gallery=gallery,
        owner=owner,
        name=name,
        content_type="image/jpeg",
        sha256=f"{seed:064x}",
        size_bytes=len(content),
        width=640,
        height=480,
        position=seed,
        has_location=False,
        state=Photo.State.READY,
    )
    photo.original.save("original.jpg", ContentFile(content), save=False)
    for variant in ("preview", "thumbnail"):
        stored = f"photos/{photo.folder}/{variant}.webp"
        words = f"RIFF {variant} of {name} {seed}".encode() * 50
        setattr(photo, variant, default_storage.save(stored, ContentFile(words)))
    photo.save()
    return photo


def bytes_of(stored) -> bytes:
    with stored.open() as file:
        return file.read()
