"""How letters are sent, read from one address: EMAIL_URL."""

from typing import Any
from urllib.parse import unquote, urlsplit

BACKENDS = "django.core.mail.backends"
CONSOLE = f"{BACKENDS}.console.EmailBackend"
FILES = f"{BACKENDS}.filebased.EmailBackend"
NOBODY = f"{BACKENDS}.dummy.EmailBackend"
PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}


def mail_settings(url: str, *, is_local: bool) -> dict[str, Any]:
    """
    Django's settings for smtp://, smtp+tls:// and smtp+ssl://USER:PASSWORD@HOST:PORT,
    consolemail:// and filemail:///FOLDER.

    Empty: on the console where it is LOCAL, so that links can be followed; elsewhere
    nothing is sent, for links in a log would open doors.

    Raises ValueError for anything else.
    """
    parts = urlsplit(url)
    if not url:
        return {"EMAIL_BACKEND": CONSOLE if is_local else NOBODY}
    if parts.scheme == "consolemail":
        return {"EMAIL_BACKEND": CONSOLE}
    if parts.scheme == "filemail" and parts.path:
        return {"EMAIL_BACKEND": FILES, "EMAIL_FILE_PATH": parts.path}
    if parts.scheme in PORTS and parts.hostname:
        return {
            "EMAIL_BACKEND": f"{BACKENDS}.smtp.EmailBackend",
            "EMAIL_HOST": parts.hostname,
            "EMAIL_PORT": _port(parts.netloc) or PORTS[parts.scheme],
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
            "EMAIL_USE_SSL": parts.scheme == "smtp+ssl",
        }
    raise ValueError(  # without the address, which holds a password
        "it is smtp+tls://USER:PASSWORD@HOST:587 (or smtp://, smtp+ssl://), "
        "filemail:///FOLDER or consolemail://; in user and password, signs such as "
        "@ and / are written as %40 and %2F"
    )


def _port(netloc: str) -> int:
    """0 without one. Raises ValueError for one that is none."""
    host = netloc.rpartition("@")[2]
    port = host.rpartition(":")[2] if ":" in host.rpartition("]")[2] else ""
    if not port:
        return 0
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"its port is {port!r}, which is no number from 1 to 65535")
    return int(port)
