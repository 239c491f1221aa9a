from django import forms
from django.contrib import admin, messages
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from gallery.deleting import delete_gallery, delete_photos, drop_zips
from gallery.media_links import link
from gallery.models import Gallery, Photo
from gallery.services import requeue


@admin.register(Gallery)
class GalleryAdmin(admin.ModelAdmin):
    list_display = ["name", "visibility", "event_date", "photo_count", "owner"]
    list_filter = ["visibility", "event_date"]
    list_select_related = ["owner"]
    list_per_page = 50
    date_hierarchy = "created_at"
    search_fields = ["name", "slug", "owner__email"]
    autocomplete_fields = ["owner"]
    raw_id_fields = ["cover"]  # a select would hold every photo of the site
    readonly_fields = ["slug", "photo_count", "created_at", "updated_at"]
    actions = ["make_public", "make_members", "make_private"]
    fields = [
        "name",
        "slug",
        "description",
        "event_date",
        "visibility",
        "shows_locations",
        "owner",
        "cover",
        "photo_count",
        "created_at",
        "updated_at",
    ]

    @admin.action(description=_("Show to everybody"), permissions=["change"])
    def make_public(self, request, galleries):
        self.show_to(Gallery.Visibility.PUBLIC, request, galleries)

    @admin.action(description=_("Show to members alone"), permissions=["change"])
    def make_members(self, request, galleries):
        self.show_to(Gallery.Visibility.MEMBERS, request, galleries)

    @admin.action(description=_("Make private"), permissions=["change"])
    def make_private(self, request, galleries):
        self.show_to(Gallery.Visibility.PRIVATE, request, galleries)

    def show_to(self, visibility, request, galleries):
        count = galleries.update(visibility=visibility, updated_at=timezone.now())
        changed = ngettext(
            "%(count)s gallery is now: %(visibility)s",
            "%(count)s galleries are now: %(visibility)s",
            count,
        )
        told = changed % {"count": count, "visibility": visibility.label}
        self.message_user(request, told, messages.SUCCESS)

    def get_deleted_objects(self, galleries, request):
        """Without its photos one by one: there may be thousands."""
        shown = [
            ngettext(
                "%(name)s, with %(count)s photo",
                "%(name)s, with %(count)s photos",
                gallery.photo_count,
            )
            % {"name": gallery.name, "count": gallery.photo_count}
            for gallery in galleries
        ]
        may = self.has_delete_permission(request)
        missing = set() if may else {self.opts.verbose_name}
        return shown, {self.opts.verbose_name_plural: len(shown)}, missing, []

    def delete_model(self, request, gallery):
        delete_gallery(gallery)

    def delete_queryset(self, request, galleries):
        for gallery in galleries:
            delete_gallery(gallery)


FILES = {"original", "preview", "thumbnail"}
WRITABLE = ["name", "caption", "taken_at", "gallery"]
KEPT = [
    field.name
    for field in Photo._meta.fields
    if field.name not in {*WRITABLE, "search"}
]


def linked(variant):
    """The file's name as a link: by the address of its field nginx alone reads."""

    @admin.display(description=getattr(Photo, variant).field.verbose_name)
    def name_of_file(photo):
        address = link(photo, variant)
        if address is None:
            return "–"
        name = getattr(photo, variant).name
        return format_html('<a href="{}">{}</a>', address, name)

    return name_of_file


SHOWN = [linked(name) if name in FILES else name for name in KEPT]


class PhotoForm(forms.ModelForm):
    def clean_gallery(self):
        gallery = self.cleaned_data["gallery"]
        there = gallery.photos.filter(sha256=self.instance.sha256)
        if there.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("This gallery has the same photo already."))
        return gallery


@admin.register(Photo)
class PhotoAdmin(admin.ModelAdmin):
    list_display = ["picture", "name", "gallery", "state", "error", "uploaded_at"]
    list_display_links = ["picture", "name"]
    list_filter = ["state", "content_type"]
    list_select_related = ["gallery"]
    list_per_page = 50
    show_full_result_count = False  # of a million it takes long to count them
    search_fields = ["name", "caption", "gallery__name", "gallery__slug", "=sha256"]
    autocomplete_fields = ["gallery"]
    actions = ["draw_again"]
    form = PhotoForm
    readonly_fields = ["picture", *SHOWN]
    fields = ["picture", *WRITABLE, *SHOWN]

    def get_queryset(self, request):
        return super().get_queryset(request).defer("search")

    @admin.display(description=_("picture"))
    def picture(self, photo):
        address = link(photo, "thumbnail")
        if address is None:
            return "–"
        return format_html('<img src="{}" alt="" height="48" loading="lazy">', address)

    @admin.action(description=_("Draw again"), permissions=["change"])
    def draw_again(self, request, photos):
        count = requeue(photos, now=timezone.now())
        told = ngettext(
            "%(count)s photo is drawn again.",
            "%(count)s photos are drawn again.",
            count,
        )
        self.message_user(request, told % {"count": count}, messages.SUCCESS)

    def has_add_permission(self, request):
        return False  # photos come in by upload, where they are checked

    def save_model(self, request, photo, form, change):
        """What was changed alone: a worker may be writing the rest."""
        photo.save(update_fields=form.changed_data)
        if "gallery" in form.changed_data:
            drop_zips([form.initial["gallery"]])

    def delete_model(self, request, photo):
        delete_photos(Photo.objects.filter(pk=photo.pk))

    def delete_queryset(self, request, photos):
        delete_photos(photos)
