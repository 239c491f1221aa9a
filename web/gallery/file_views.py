"""Decides who may see a file; nginx or the bucket sends it, else Django does."""

import time
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.generic import View

from accounts.bearer import BearerMixin
from gallery.download_names import download_name, rendition_name
from gallery.media_links import SAME_FOR_SECONDS, are_signed, is_good, link
from gallery.models import Gallery, Photo
from gallery.ranges import answer, with_headers
from gallery.row_permissions import Rights
from socle.core.media import SIGNED_FOR

NEEDED = ["name", "content_type", "original", "preview", "thumbnail", "owner"]
NEEDED += ["has_location", "without_location"]
NEEDED += ["gallery", "gallery__visibility"]
NEEDED += ["gallery__owner", "gallery__shows_locations"]
NEVER_KEPT = "private, no-store"
FOR_MINUTES = f"private, max-age={SAME_FOR_SECONDS}"
FOR_A_WHILE = "private, max-age=300"
# Whatever was uploaded is never run in the site's name.
HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


class PhotoFileView(BearerMixin, View):
    """Each file of a photo by a lasting address, for whoever may see the photo."""

    def get(self, request, photo_id, variant):
        photo = visible_photo(request.user, photo_id=photo_id, variant=variant)
        stored, shown = file_for(request.user, photo, variant=variant)
        is_download = "download" in request.GET
        if variant != "original" and are_signed() and not is_download:
            return redirect(link(photo, variant))
        headers = {
            "Content-Type": photo.content_type if shown == "original" else "image/webp",
            "Content-Disposition": disposition(
                file_name(photo, shown), attachment=is_download
            ),
            "Cache-Control": keeping(photo, variant),
        }
        return send(stored.name, request=request, headers=headers)


class SignedFileView(BearerMixin, View):
    """
    A rendition by its signed address, where nginx has not sent it already.

    An address that is not valid any more leads on to a fresh one, for whoever may see
    the photo: a page that was left open goes on working.
    """

    def get(self, request, expires, signature, name, photo_id, variant):
        if is_good(name, expires=int(expires), given=signature, now=time.time()):
            headers = {"Content-Type": "image/webp", "Cache-Control": FOR_MINUTES}
            return send(name, request=request, headers=headers)
        photo = visible_photo(request.user, photo_id=photo_id, variant=variant)
        return redirect(link(photo, variant))


def visible_photo(visitor, *, photo_id, variant) -> Photo:
    """Raises Http404: what a visitor may not see is not there."""
    photos = Photo.objects.visible_to(visitor).select_related("gallery").only(*NEEDED)
    photo = photos.filter(pk=photo_id).first()
    if photo is None or not photo.file_of(variant):
        raise Http404(_("There is no such file."))
    return photo


def file_for(visitor, photo: Photo, *, variant: str):
    """The stored file, and as which variant it is shown. Raises Http404."""
    if variant != "original":
        return photo.file_of(variant), variant
    may_see = Rights.of(visitor).may_see_location(photo, gallery=photo.gallery)
    stored = photo.shared_file(with_location=may_see)
    if not stored:
        raise Http404(_("There is no such file."))
    return stored, "preview" if stored == photo.preview else "original"


def keeping(photo: Photo, variant: str) -> str:
    """
    How long browsers may keep it. Never `public`, not even of a public gallery: an
    answer may carry a fresh cookie, and a gallery may become private.
    """
    is_public = photo.gallery.visibility == Gallery.Visibility.PUBLIC
    if variant == "original" and photo.has_location is not False:
        return NEVER_KEPT  # others get another file, and so does who signs in
    return FOR_A_WHILE if is_public or variant != "original" else NEVER_KEPT


def redirect(address: str | None) -> HttpResponse:
    if address is None:
        raise Http404(_("There is no such file."))
    response = HttpResponseRedirect(address)
    response["Cache-Control"] = NEVER_KEPT
    return response


def send(
    name: str, *, request, headers: dict[str, str], alias: str = "default"
) -> HttpResponseBase:
    """
    The stored file `name`: from the bucket, by nginx, or in the parts that were asked
    for by Django.

    headers:  Content-Type, Content-Disposition, Cache-Control.
    alias:    of the storage that has it.
    """
    storage = storages[alias]
    if settings.MEDIA_BY_BUCKET:
        return signed_by_bucket(name, headers=headers, storage=storage)
    if settings.MEDIA_BY_NGINX and not settings.MEDIA_STORAGE_URL:
        location = quote(f"{internal_folder(alias)}{name}")
        response: HttpResponseBase = HttpResponse(
            headers={"X-Accel-Redirect": location}
        )
    else:
        response = sent_from_here(name, request=request, storage=storage)
    return with_headers(
        response, HARMLESS | (headers if response.status_code < 400 else {})
    )


def internal_folder(alias: str) -> str:
    """The location of nginx that leads to the storage's files; nobody else may ask."""
    return settings.MEDIA_URL if alias == "default" else settings.DOWNLOADS_URL


def sent_from_here(name: str, *, request, storage: Storage):
    try:
        file = storage.open(name, "rb")
        size = file.size
    except FileNotFoundError as error:
        raise Http404(_("Its file is missing on the server.")) from error
    modified = None
    if not settings.MEDIA_STORAGE_URL:
        modified = storage.get_modified_time(name).timestamp()
    return answer(request, file, size=size, modified=modified)


def signed_by_bucket(name: str, *, headers: dict[str, str], storage: Storage):
    """A redirect to the bucket, which a browser may follow again for some minutes."""
    content_type, shown = headers["Content-Type"], headers.get("Content-Disposition")
    words = (
        {"response_type": content_type, "response_disposition": shown}
        if settings.MEDIA_STORAGE_URL.startswith("gs:")
        else {"ResponseContentType": content_type, "ResponseContentDisposition": shown}
    )
    given = {word: value for word, value in words.items() if value}
    address = storage.url(name, parameters=given)  # type: ignore[call-arg]
    response = HttpResponseRedirect(address)
    seconds = int(SIGNED_FOR.total_seconds() / 2)
    may_be_kept = headers["Cache-Control"] != NEVER_KEPT
    response["Cache-Control"] = (
        f"private, max-age={seconds}" if may_be_kept else NEVER_KEPT
    )
    return response


def file_name(photo: Photo, variant: str) -> str:
    """Of what it is: a JPEG that was sent as x.html is downloaded as x.jpg."""
    if variant == "original":
        return download_name(photo.name, content_type=photo.content_type)
    return rendition_name(photo.name, variant=variant)


def disposition(name: str, *, attachment: bool) -> str:
    kind = "attachment" if attachment else "inline"
    return f"{kind}; filename*=UTF-8''{quote(name, safe='')}"
