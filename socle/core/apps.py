from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "socle.core"
    label = "socle_core"  # a project may have a core of its own

    def ready(self) -> None:
        from socle.core import extension_checks  # noqa: F401  # registers itself
