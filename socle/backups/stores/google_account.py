"""
Who asks Google Cloud Storage, where, and on which way.

By google-auth, the official client's own: that client itself takes half a second of
each command only to be imported, and several times as long as need be on each object.
"""

import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import google.auth
import urllib3
from google.auth import exceptions as auth
from google.auth.credentials import AnonymousCredentials
from google.oauth2 import service_account

from socle.backups.exceptions import StoreRefused
from socle.backups.stores.google_errors import AUTHENTICATE

GOOGLE = "https://storage.googleapis.com"
SCOPES = ["https://www.googleapis.com/auth/devstorage.read_write"]
CONNECTIONS = 32


@dataclass(frozen=True)
class ServiceAccount:
    credentials: Any
    endpoint: str
    is_emulated: bool
    """Google itself is never spoken to without TLS."""


def signed_in(key: dict[str, Any] | None) -> ServiceAccount:
    """
    The key's account, else that of the machine. The emulator, which the variable of
    all of Google's clients names, needs neither.

    Raises StoreRefused for credentials that are missing or of no use.
    """
    credentials = None if key is None else _of_key(key)
    emulator = os.environ.get("STORAGE_EMULATOR_HOST", "").rstrip("/")
    if emulator:
        endpoint = emulator if "://" in emulator else f"http://{emulator}"
        return ServiceAccount(
            AnonymousCredentials(), endpoint, urlsplit(endpoint).scheme == "http"
        )
    return ServiceAccount(credentials or _of_machine(), GOOGLE, is_emulated=False)


def _of_key(key: dict[str, Any]) -> Any:
    make = service_account.Credentials.from_service_account_info
    try:
        return make(key, scopes=SCOPES)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise StoreRefused(
            f"This is not the key of a service account ({error}). Make one in Google's "
            "console (IAM, Service accounts, Keys, JSON), then run: "
            f"{AUTHENTICATE}"
        ) from error


def _of_machine() -> Any:
    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except (auth.GoogleAuthError, OSError) as error:
        raise StoreRefused(
            f"Google Cloud Storage cannot be signed in to: {error} Run: {AUTHENTICATE}"
        ) from error
    return credentials


def connections(endpoint: str, *, answer_seconds: float) -> urllib3.PoolManager:
    """Through the proxy and with the certificates that other clients here use."""
    own = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    words: dict[str, Any] = {
        "maxsize": CONNECTIONS,
        "timeout": urllib3.Timeout(connect=10, read=answer_seconds),
        "ca_certs": own or certifi.where(),
    }
    there = urlsplit(endpoint)
    proxy = getproxies().get(there.scheme, "")
    if not proxy or proxy_bypass(there.hostname or ""):
        return urllib3.PoolManager(**words)
    account = urllib3.util.parse_url(proxy).auth
    headers = urllib3.make_headers(proxy_basic_auth=unquote(account or "") or None)
    return urllib3.ProxyManager(proxy, proxy_headers=headers, **words)
