"""System check: the settings that list functions name some that are there."""

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import Error, register
from django.utils.module_loading import import_string

LISTS = ("MENU_ENTRIES", "HEALTH_CHECKS", "METRICS_COLLECTORS", "BACKUP_SCRUBBERS")


@register()
def check_extension_lists(**_options) -> list[Error]:
    """An error for each name in LISTS that cannot be imported or called."""
    return [error for setting in LISTS for error in _errors(setting)]


def _errors(setting: str) -> Iterator[Error]:
    for name in getattr(settings, setting, []):
        try:
            found = import_string(name)
        except ImportError as error:
            yield _error(setting, name, str(error))
        else:
            if not callable(found):
                yield _error(setting, name, "it is no function")


def _error(setting: str, name: str, why: str) -> Error:
    return Error(
        f"{setting} names {name}, which cannot be used: {why}",
        hint="Correct it in web/config/settings.py; socle/README.md has an example.",
        id="socle.E001",
    )
