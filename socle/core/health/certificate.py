"""The certificate that visitors are shown, read from nginx itself."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import ExtensionOID
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from socle.core.health import commands
from socle.core.health.results import CheckState, Fact, Words, check, first_line

SOON = timedelta(days=14)
SECONDS = 3


@check(keep_seconds=60, remedy=lambda: commands.logs("nginx"))
def certificate() -> Fact | None:
    """Nothing where nginx speaks plain http: in LOCAL, and behind another proxy."""
    if not nginx_ends_tls():
        return None
    try:
        shown = read_shown()
    except (OSError, ValueError) as error:
        says = format_lazy(
            _("nginx shows no certificate: {error}"), error=first_line(error)
        )
        return Fact("certificate", CheckState.FAIL, says, commands.logs("nginx"))
    return judge(shown, host=site_host(), now=datetime.now(UTC))


def nginx_ends_tls() -> bool:
    return not (settings.LOCAL or settings.BEHIND_PROXY)


def site_host() -> str:
    return urlsplit(settings.SITE_URL).hostname or ""


def read_shown() -> x509.Certificate:
    """What visitors are shown. Raises OSError or ValueError."""
    return read(settings.NGINX_TLS_ADDRESS, name=site_host())


def read(address: tuple[str, int], *, name: str) -> x509.Certificate:
    """
    What `address` shows to whoever asks for `name`; it is not verified.

    Raises OSError (ssl's are among them) or ValueError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(address, timeout=SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        der = connection.getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(der or b"")


def judge(shown: x509.Certificate, *, host: str, now: datetime) -> Fact:
    until = shown.not_valid_after_utc
    day = f"{until:%Y-%m-%d}"
    left = until - now
    if left <= timedelta():
        says = format_lazy(_("The certificate expired on {day}."), day=day)
        return Fact("certificate", CheckState.FAIL, says, _renewing())
    if shown.issuer == shown.subject:
        says = _("nginx shows the certificate it made itself: browsers warn of it.")
        return Fact("certificate", CheckState.WARN, says, _renewing())
    if not is_for(shown, host):
        says = format_lazy(_("The certificate is not for {host}."), host=host)
        return Fact("certificate", CheckState.WARN, says, _renewing())
    if left < SOON:
        says = format_lazy(
            _("The certificate expires on {day}, in {days} days."),
            day=day,
            days=left.days,
        )
        return Fact("certificate", CheckState.WARN, says, _renewing())
    says = format_lazy(_("The certificate is valid until {day}."), day=day)
    return Fact("certificate", CheckState.OK, says)


def is_for(shown: x509.Certificate, host: str) -> bool:
    """Also by a name with `*` for its first part."""
    try:
        names = shown.extensions.get_extension_for_oid(
            ExtensionOID.SUBJECT_ALTERNATIVE_NAME
        ).value.get_values_for_type(x509.DNSName)  # type: ignore[attr-defined]
    except x509.ExtensionNotFound:
        return False
    wild = "*." + host.partition(".")[2]
    return bool({host.lower(), wild.lower()} & {name.lower() for name in names})


def _renewing() -> Words:
    return commands.logs("certbot")
