from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "socle.core"
    label = "socle_core"  # a project may have a core of its own
