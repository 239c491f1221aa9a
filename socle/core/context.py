from functools import partial

from django.conf import settings

from socle.core.menu import build_menu


def site(request=None):
    """
    What every page's frame shows; pages without a request take it as well. The name
    is no `site_name`: Django's sign-in puts the request's host there.
    """
    return {
        "site_title": settings.SITE_NAME,
        "has_brand_css": (settings.PROJECT_STATIC / "brand.css").exists(),
        "menu": partial(build_menu, request),  # asked only by pages that have one
    }
