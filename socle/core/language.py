"""The language switch at the foot of every page. It works without JavaScript."""

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST

YEAR_SECONDS = 365 * 24 * 60 * 60


@require_POST
def choose(request):
    """Keeps the chosen language: in a cookie, and for whoever is signed in."""
    language = request.POST.get("language", "")
    response = HttpResponseRedirect(page_before(request))
    if language in dict(settings.LANGUAGES) and check_for_language(language):
        remember(request.user, response, language=language)
    return response


def page_before(request) -> str:
    page = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(page, allowed_hosts=None)
    return page if is_ours else "/"


def remember(user, response: HttpResponse, *, language: str) -> None:
    if user.is_authenticated:
        user.language = language
        user.save(update_fields=["language"])
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=YEAR_SECONDS,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
