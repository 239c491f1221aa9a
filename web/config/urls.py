"""The table of contents. Apps are named as strings: config imports none."""

from django.contrib import admin
from django.urls import include, path, re_path

from config import language
from config.api import problems
from config.health import views as health

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("gallery.urls")),
    path("", include("operations.urls")),
    path("language/", language.choose, name="language"),
    path("api/", include("config.api.urls")),
    path("admin/", admin.site.urls),
    path("health/live", health.live),
    path("health/ready", health.ready),
    re_path("^api/", problems.nothing_here),  # also where DEBUG has a page of its own
]

handler400 = "config.api.problems.bad_request"
handler403 = "config.api.problems.permission_denied"
handler404 = "config.api.problems.page_not_found"
handler500 = "config.api.problems.server_error"
