"""The base's addresses: web/config/urls.py includes them after the project's own."""

from django.contrib import admin
from django.urls import include, path, re_path

from socle.core import language
from socle.core.api import problems
from socle.core.health import views as health

urlpatterns = [
    path("", include("socle.operations.urls")),
    path("language/", language.choose, name="language"),
    path("api/", include("socle.core.api.urls")),
    path("admin/", admin.site.urls),
    path("health/live", health.live),
    path("health/ready", health.ready),
    re_path("^api/", problems.nothing_here),  # also where DEBUG has a page of its own
]

handler400 = "socle.core.api.problems.bad_request"
handler403 = "socle.core.api.problems.permission_denied"
handler404 = "socle.core.api.problems.page_not_found"
handler500 = "socle.core.api.problems.server_error"
