"""The certificate runs out: whoever accepts that still has the site."""

import base64
import ssl
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import requests
from case import Promise
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from waiting import wait_until

PLACE = "/etc/letsencrypt/live/site"
# nginx looks every few seconds; the site keeps what it saw for a minute.
SHOWN_WITHIN_SECONDS, TOLD_WITHIN_SECONDS = 60, 150


def test_an_expired_certificate_is_told_and_stops_nobody(site, case):
    words = "no error for those who accept it; /health/ready tells of it"
    one = case("The certificate is expired", Promise(words))
    before = site.restarts()
    with one.under_load():
        first = shown(site)
        try:
            put(site, *expired(), first)
            told = wait_until(
                lambda: told_of_it(site),
                within=TOLD_WITHIN_SECONDS,
                what="/health/ready tells of the certificate",
            )
        finally:
            site.stack.inside("certbot", "rm", "-rf", PLACE)
        wait_until(
            lambda: shown(site) == first,
            within=SHOWN_WITHIN_SECONDS,
            what="nginx shows the good one again",
        )
    one.note(f"/health/ready: {told}")
    assert site.restarts() == before


def expired() -> tuple[bytes, bytes]:
    """A certificate that ended yesterday, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An authority")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=91))
        .not_valid_after(now - timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form = serialization.PrivateFormat.PKCS8
    plain = serialization.NoEncryption()
    return made.public_bytes(pem), key.private_bytes(pem, form, plain)


def put(site, certificate: bytes, key: bytes, first: str) -> None:
    """Where certbot would have put it."""
    write = f"mkdir -p {PLACE} && cd {PLACE}"
    for name, content in {"fullchain.pem": certificate, "privkey.pem": key}.items():
        text = base64.b64encode(content).decode()
        write += f" && echo {text} | base64 -d > {name}"
    site.stack.inside("certbot", "sh", "-c", write)
    wait_until(
        lambda: shown(site) != first,
        within=SHOWN_WITHIN_SECONDS,
        what="nginx shows the expired one",
    )


def shown(site) -> str:
    place = urlsplit(site.stack.url)
    return ssl.get_server_certificate((place.hostname, place.port), timeout=20)


def told_of_it(site) -> str:
    """The site stays ready: its balancer must not take it away for this."""
    answer = requests.get(f"{site.stack.plain_url}/health/ready", timeout=20)
    assert answer.status_code == 200, answer.text[:300]
    found = answer.json()
    state = found["checks"]["certificate"]["state"]
    assert (found["status"], state) == ("degraded", "fail"), found
    return f"certificate {state}, site {found['status']}"
