from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from socle.core.menu import MenuEntry, is_in_app


def entries(request: HttpRequest) -> Iterator[MenuEntry]:
    is_here = is_in_app(request, "gallery")
    yield MenuEntry(_("Galleries"), reverse("gallery:list"), is_here)
