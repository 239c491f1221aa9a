"""People with a role, and what they own: for tests of who may what."""

from django.contrib.auth.models import Group

from accounts.models import User
from gallery.models import Photo


def person(role: str = "", **fields) -> User:
    """Someone with this role; "" is nobody in particular, "superuser" one of those."""
    number = User.objects.count()
    address = f"{role or 'nobody'}-{number}@example.com"
    if role == "superuser":
        return User.objects.create_superuser(address, "chartreuse-1084", **fields)
    user = User.objects.create_user(address, "chartreuse-1084", **fields)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def photo_row(gallery, number: int = 0, **fields) -> Photo:
    """A photo without files; each `number` is another content."""
    photo = Photo(
        **{
            "gallery": gallery,
            "owner": gallery.owner,
            "name": f"IMG_{number:04}.jpg",
            "content_type": "image/jpeg",
            "sha256": f"{number:064x}",
            "size_bytes": 1000 + number,
            "width": 1500,
            "height": 1000,
            "position": number * 1_000_000,
            "has_location": False,
            **fields,
        }
    )
    photo.original.name = f"photos/{photo.folder}/original.jpg"
    return photo


def ready_row(gallery, number: int = 0, **fields) -> Photo:
    photo = photo_row(gallery, number, state=Photo.State.READY, **fields)
    photo.preview.name = f"photos/{photo.folder}/preview.webp"
    photo.thumbnail.name = f"photos/{photo.folder}/thumbnail.webp"
    return photo
