"""Where the API's description is, and Swagger UI to read it with."""

from django.contrib.auth.mixins import UserPassesTestMixin
from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from socle.core.api.schema_permissions import may_read


class DocsView(UserPassesTestMixin, SpectacularSwaggerSplitView):
    """Swagger UI, from our own files; visitors are sent to sign in."""

    def test_func(self):
        return may_read(self.request.user)


urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
]
