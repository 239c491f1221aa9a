"""The links by which browsers download a gallery; they need no JavaScript."""

from django.http import Http404, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import View

from accounts.bearer import BearerMixin
from gallery.download_names import safe_name
from gallery.downloads import (
    address_of,
    downloads_of,
    is_small,
    is_stored,
    request_download,
    stream,
)
from gallery.exceptions import DownloadFailed
from gallery.file_views import NEVER_KEPT, disposition, send
from gallery.models import Download, Gallery
from gallery.packing import entries_of
from gallery.row_permissions import Rights

ASK_AGAIN_SECONDS = 3


class GalleryDownloadView(BearerMixin, View):
    """A small gallery comes at once; of a large one a worker makes the zip first."""

    def get(self, request, slug):
        gallery = get_object_or_404(Gallery.objects.visible_to(request.user), slug=slug)
        may_see = Rights.of(request.user).may_see_locations(gallery)
        entries = entries_of(gallery, with_locations=may_see)
        if entries and is_small(entries):
            return streamed(gallery, entries)
        try:
            download = request_download(
                gallery, with_locations=may_see, now=timezone.now()
            )
        except DownloadFailed as error:
            raise Http404(str(error)) from error
        if address := address_of(download):
            return HttpResponseRedirect(address)
        return waiting_page(request, download)


class DownloadFileView(BearerMixin, View):
    """The zip that a worker made, for whoever may see the gallery."""

    def get(self, request, pk):
        download = get_object_or_404(downloads_of(request.user), pk=pk)
        if download.state != Download.State.READY or not is_stored(download):
            raise Http404(_("This zip is not kept any more. Ask for it again."))
        headers = zip_headers(download.gallery)
        return send(download.file, request=request, headers=headers, alias="downloads")


def streamed(gallery, entries):
    archive = stream(entries)
    headers = zip_headers(gallery) | {"Content-Length": str(len(archive))}
    return StreamingHttpResponse(archive, headers=headers)


def zip_headers(gallery) -> dict[str, str]:
    return {
        "Content-Type": "application/zip",
        "Content-Disposition": disposition(zip_name(gallery), attachment=True),
        "Cache-Control": NEVER_KEPT,
        "X-Content-Type-Options": "nosniff",
    }


def zip_name(gallery) -> str:
    return f"{safe_name(gallery.name, default='gallery')}.zip"


def waiting_page(request, download):
    is_failed = download.state == Download.State.FAILED
    response = render(
        request,
        "gallery/download.html",
        {"download": download, "gallery": download.gallery, "is_failed": is_failed},
        status=503 if is_failed else 200,
    )
    response["Cache-Control"] = "no-store"
    if not is_failed:
        response["Refresh"] = str(ASK_AGAIN_SECONDS)
    return response
