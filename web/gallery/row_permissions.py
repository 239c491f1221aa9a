"""
What one visitor may do with rows at hand: the rules of the QuerySets, without a query.

A list says for each of its rows whether the visitor may change it. A test holds that
both say the same, for every role.
"""

from dataclasses import dataclass
from typing import Any

from gallery.models import Gallery, Photo


@dataclass(frozen=True)
class Rights:
    user_id: Any
    changes_galleries: bool
    makes_galleries: bool
    changes_photos: bool
    adds_photos: bool

    @classmethod
    def of(cls, user) -> "Rights":
        return cls(
            user_id=user.pk,
            changes_galleries=user.has_perm("gallery.change_gallery"),
            makes_galleries=user.has_perm("gallery.add_gallery"),
            changes_photos=user.has_perm("gallery.change_photo"),
            adds_photos=user.has_perm("gallery.add_photo"),
        )

    def may_edit_gallery(self, gallery: Gallery) -> bool:
        """As GalleryQuerySet.editable_by."""
        own = self.makes_galleries and gallery.owner_id == self.user_id
        return self.changes_galleries or own

    def may_see_locations(self, gallery: Gallery) -> bool:
        """Of all of its photos: what their originals, and zips of them, may tell."""
        return gallery.shows_locations or self.may_edit_gallery(gallery)

    def may_see_location(self, photo: Photo, *, gallery: Gallery) -> bool:
        may_edit = self.may_edit_photo(photo, gallery=gallery)
        return may_edit or self.may_see_locations(gallery)

    def may_upload(self) -> bool:
        """As GalleryQuerySet.open_to, for a gallery that the visitor sees."""
        return self.adds_photos

    def may_edit_photo(self, photo: Photo, *, gallery: Gallery) -> bool:
        """As PhotoQuerySet.editable_by."""
        own = self.user_id in (photo.owner_id, gallery.owner_id)
        return self.changes_photos or (self.adds_photos and own)
