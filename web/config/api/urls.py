"""Where the API's description is, and Swagger UI to read it with."""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class DocsView(LoginRequiredMixin, SpectacularSwaggerSplitView):
    """Swagger UI, from our own files; visitors are sent to sign in."""


urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
]
