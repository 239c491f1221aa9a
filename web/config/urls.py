"""The table of contents. Apps are named as strings: config imports none."""

from django.contrib import admin
from django.urls import include, path

from config import health

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("gallery.urls")),
    path("operations/", include("operations.urls")),
    path("admin/", admin.site.urls),
    path("health/live", health.live),
    path("health/ready", health.ready),
]
