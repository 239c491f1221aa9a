from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.generic import CreateView, DetailView, ListView, View

from config.media import SIGNED_FOR
from gallery.models import Gallery, Photo


class GalleryListView(LoginRequiredMixin, ListView):
    template_name = "gallery/gallery_list.html"
    context_object_name = "galleries"

    def get_queryset(self):
        return Gallery.objects.visible_to(self.request.user)

    def get_context_data(self, **kwargs):
        may_create = self.request.user.has_perm("gallery.add_gallery")
        return super().get_context_data(can_create=may_create, **kwargs)


class GalleryCreateView(LoginRequiredMixin, PermissionRequiredMixin, CreateView):
    model = Gallery
    fields = ["name", "description"]
    template_name = "gallery/gallery_form.html"
    permission_required = "gallery.add_gallery"

    def form_valid(self, form):
        form.instance.owner = self.request.user
        return super().form_valid(form)


class GalleryDetailView(LoginRequiredMixin, DetailView):
    template_name = "gallery/gallery_detail.html"

    def get_queryset(self):
        return Gallery.objects.visible_to(self.request.user)

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            photos_url=reverse("gallery:api_photos", args=[self.object.slug]),
            upload_limit_mb=settings.UPLOAD_LIMIT_MB,
            can_upload=self.request.user.has_perm("gallery.add_photo"),
            **kwargs,
        )


class PhotoFileView(LoginRequiredMixin, View):
    """Decides who may see a file; nginx sends it, or Django where there is none."""

    raise_exception = True  # an <img> has no use for the sign-in page

    def get(self, request, photo_id, variant):
        photo = Photo.objects.visible_to(request.user).filter(pk=photo_id).first()
        if photo is None or not photo.file_of(variant):
            raise Http404("There is no such file.")
        content_type = photo.content_type if variant == "original" else "image/webp"
        if settings.MEDIA_BY_BUCKET:
            return signed_link(
                photo.file_of(variant),
                content_type=content_type,
                disposition=disposition(photo, variant),
            )
        response = send(photo.file_of(variant))
        response["Content-Type"] = content_type
        response["Content-Disposition"] = disposition(photo, variant)
        response["Cache-Control"] = "private, max-age=3600"
        response["X-Content-Type-Options"] = "nosniff"
        return response


def signed_link(stored, *, content_type, disposition):
    """A redirect to the bucket, which a browser may follow again for some minutes."""
    words = (
        {"response_type": content_type, "response_disposition": disposition}
        if settings.MEDIA_STORAGE_URL.startswith("gs:")
        else {
            "ResponseContentType": content_type,
            "ResponseContentDisposition": disposition,
        }
    )
    response = HttpResponseRedirect(stored.storage.url(stored.name, parameters=words))
    seconds = int(SIGNED_FOR.total_seconds() / 2)
    response["Cache-Control"] = f"private, max-age={seconds}"
    return response


def send(stored):
    if settings.MEDIA_BY_NGINX and not settings.MEDIA_STORAGE_URL:
        location = quote(f"{settings.MEDIA_URL}{stored.name}")
        return HttpResponse(headers={"X-Accel-Redirect": location})
    try:
        return FileResponse(stored.open("rb"))
    except FileNotFoundError as error:
        raise Http404("Its file is missing on the server.") from error


def disposition(photo, variant):
    stem = photo.name.rsplit(".", 1)[0]
    name = photo.name if variant == "original" else f"{stem}-{variant}.webp"
    return f"inline; filename*=UTF-8''{quote(name)}"
