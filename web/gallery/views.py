from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.urls import reverse_lazy
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.generic import (
    CreateView,
    DeleteView,
    TemplateView,
    UpdateView,
    View,
)
from django.views.generic.detail import SingleObjectMixin

from accounts.bearer import BearerMixin
from gallery.api.changes import ChangesApi
from gallery.api.galleries import GalleryApi, GalleryListApi
from gallery.api.photos import PhotoListApi
from gallery.api.uploads import UploadListApi
from gallery.deleting import delete_gallery
from gallery.forms import GalleryForm
from gallery.models import Gallery, Photo
from gallery.page_context import (
    api_answer,
    cover_styles,
    page_address,
    photos_for_script,
    tile_styles,
    years_of,
)

MB = 1024 * 1024
SEARCH_ABOVE = 30  # fewer photos are seen at a glance


class GalleryListView(TemplateView):
    """The galleries that this visitor may see, the newest first."""

    template_name = "gallery/gallery_list.html"

    def get_context_data(self, **kwargs):
        user = self.request.user
        page = api_answer(GalleryListApi, self.request)
        filters = filters_of(self.request, "search", "year", "visibility")
        return super().get_context_data(
            galleries=page["results"],
            newer=page_address(page["previous"]),
            older=page_address(page["next"]),
            styles=cover_styles(page["results"]),
            filters=filters,
            is_filtered=any(filters.values()),
            years=years_of(
                Gallery.objects.visible_to(user), "event_date", "created_at"
            ),
            can_create=user.has_perm("gallery.add_gallery"),
            **kwargs,
        )


class GalleryDetailView(BearerMixin, TemplateView):
    """A gallery's first photos, to read as they are; then the script takes over."""

    template_name = "gallery/gallery_detail.html"

    def get_context_data(self, **kwargs):
        slug = self.kwargs["slug"]
        gallery = api_answer(GalleryApi, self.request, slug=slug)
        changes = api_answer(ChangesApi, self.request, slug=slug)  # from here on
        photos = api_answer(PhotoListApi, self.request, slug=slug)
        uploads = self.running_uploads(gallery)
        filters = filters_of(self.request, "search", "year")
        limits = {
            "photo_mb": settings.UPLOAD_LIMIT_MB,
            "zip_mb": settings.UPLOAD_ZIP_LIMIT_MB,
        }
        return super().get_context_data(
            gallery=gallery,
            photos=photos,
            newer=page_address(photos["previous"]),
            older=page_address(photos["next"]),
            styles=tile_styles(photos["results"]),
            filters=filters,
            is_filtered=any(filters.values()),
            can_search=any(filters.values()) or gallery["photo_count"] > SEARCH_ABOVE,
            years=years_of(Photo.objects.filter(gallery__slug=slug), "taken_at"),
            limits=limits | {"zip": filesizeformat(limits["zip_mb"] * MB)},
            counts=changes["counts"],
            unfinished=[one for one in uploads if one["state"] == "receiving"],
            data={
                "gallery": gallery,
                "photos": photos_for_script(photos, slug=slug),
                "since": changes["since"],
                "counts": changes["counts"],
                "filters": filters,
                "uploads": uploads,
                "limits": limits,
                "language": get_language(),
                "time_zone": settings.TIME_ZONE,
            },
            **kwargs,
        )

    def running_uploads(self, gallery):
        """This person's, that were begun and have not ended."""
        if not gallery["can_upload"]:
            return []
        slug = gallery["slug"]
        return api_answer(UploadListApi, self.request, slug=slug)["results"]


class GalleryCreateView(LoginRequiredMixin, PermissionRequiredMixin, CreateView):
    form_class = GalleryForm
    model = Gallery
    template_name = "gallery/gallery_form.html"
    permission_required = "gallery.add_gallery"

    def form_valid(self, form):
        form.instance.owner = self.request.user
        return super().form_valid(form)


class EditableGalleryMixin(LoginRequiredMixin, SingleObjectMixin, View):
    """404 for a gallery that this person may not see, 403 for one of others."""

    context_object_name = "gallery"

    def get_object(self, queryset=None):
        user = self.request.user
        galleries = Gallery.objects.visible_to(user)
        gallery = get_object_or_404(galleries, slug=self.kwargs["slug"])
        if not Gallery.objects.editable_by(user).filter(pk=gallery.pk).exists():
            raise PermissionDenied(_("Only its owner or a moderator may change it."))
        return gallery


class GalleryEditView(EditableGalleryMixin, UpdateView):
    form_class = GalleryForm
    template_name = "gallery/gallery_form.html"


class GalleryDeleteView(EditableGalleryMixin, DeleteView):
    """Asks once more, then deletes the gallery with its photos."""

    template_name = "gallery/gallery_delete.html"
    success_url = reverse_lazy("gallery:list")

    def form_valid(self, form):
        name = self.object.name
        delete_gallery(self.object)
        messages.success(self.request, _("“%s” was deleted.") % name)
        return HttpResponseRedirect(self.get_success_url())


def filters_of(request, *names: str) -> dict[str, str]:
    return {name: request.GET.get(name, "").strip() for name in names}
