"""Whoever sees a gallery or a photo may look at it; to change it is another right."""

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission


class MayChange(BasePermission):
    """For views whose QuerySet holds what the visitor sees: the rest is not found."""

    def has_object_permission(self, request, view, row):
        if request.method in SAFE_METHODS:
            return True
        editable = type(row).objects.editable_by(request.user)
        return editable.filter(pk=row.pk).exists()


class MayChangeGallery(MayChange):
    message = _("Only its owner or a moderator may change this gallery.")
    code = "not_your_gallery"


class MayChangePhoto(MayChange):
    message = _(
        "Only its owner, the gallery's owner or a moderator may change this photo."
    )
    code = "not_your_photo"
