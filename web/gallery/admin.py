from django.contrib import admin
from django.db import transaction

from gallery.deleting import delete_files
from gallery.models import Gallery, Photo


@admin.register(Gallery)
class GalleryAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "owner", "created_at"]
    search_fields = ["name", "slug"]

    def has_delete_permission(self, request, gallery=None):
        """A gallery with photos goes when its photos are gone: their files count."""
        allowed = super().has_delete_permission(request, gallery)
        return allowed and not (gallery and gallery.photos.exists())


@admin.register(Photo)
class PhotoAdmin(admin.ModelAdmin):
    list_display = ["name", "gallery", "state", "error", "uploaded_at"]
    list_filter = ["state", "gallery"]
    search_fields = ["name", "sha256"]
    readonly_fields = [
        field.name
        for field in Photo._meta.fields
        if field.name not in {"name", "gallery"}
    ]

    def has_add_permission(self, request):
        return False  # photos come in by upload, where they are checked

    def delete_model(self, request, photo):
        self.delete_queryset(request, Photo.objects.filter(pk=photo.pk))

    def delete_queryset(self, request, photos):
        names = [
            photo.file_of(variant).name
            for photo in photos
            for variant in ("original", "preview", "thumbnail")
        ]
        photos.delete()
        transaction.on_commit(lambda: delete_files(names))
