"""The table of contents: your own addresses, then the base's."""

from django.urls import include, path

from socle.urls import handler400, handler403, handler404, handler500  # noqa: F401

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("gallery.urls")),
    path("", include("socle.urls")),  # last: it answers whatever is left of /api/
]
