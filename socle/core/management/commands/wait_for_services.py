from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from socle.core.service_waits import ServiceNotReady, wait_for_services


class Command(BaseCommand):
    help = "Wait until Postgres lets us in and Redis answers."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--timeout",
            type=float,
            default=settings.POSTGRES_WAIT_SECONDS,
            metavar="SECONDS",
        )

    def handle(self, *, timeout, **options):
        try:
            wait_for_services(timeout_seconds=timeout)
        except ServiceNotReady as error:
            raise CommandError(f"{error}\n{advice(str(error))}") from error


def advice(message: str) -> str:
    if "password authentication failed" in message:
        return (
            "The password in .env is not the one that the database's volume keeps. "
            "Run ./install_docker.sh: it repairs this and loses nothing."
        )
    return "See docs/troubleshooting.md, or run: docker compose ps"
