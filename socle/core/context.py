from django.conf import settings


def site(_request):
    """What every page's frame shows."""
    return {"site_title": "Socle", "flower_url": settings.FLOWER_URL}
