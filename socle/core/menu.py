"""The site's menu: entries of the apps that MENU_ENTRIES names, in its order."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class MenuEntry:
    """A link of the menu; `is_here` marks the one whose pages the visitor reads."""

    title: str
    address: str
    is_here: bool = False


def build_menu(request: HttpRequest) -> list[MenuEntry]:
    """What this visitor finds in the menu: nothing before they have signed in."""
    if not request.user.is_authenticated:
        return []
    named = [import_string(name) for name in settings.MENU_ENTRIES]
    return [entry for entries in named for entry in entries(request)]


def is_in_app(request: HttpRequest, name: str) -> bool:
    """Whether the page that is asked for is one of the app's; an error page is none."""
    match = request.resolver_match
    return match is not None and match.app_name == name


def entries(request: HttpRequest) -> Iterator[MenuEntry]:
    """The base's own, which come last: the admin and the API's description."""
    may_operate = request.user.has_perm("accounts.operate")
    if request.user.is_staff:
        yield MenuEntry(_("Admin"), reverse("admin:index"))
    if request.user.is_staff or may_operate:
        yield MenuEntry("API", reverse("docs"))
