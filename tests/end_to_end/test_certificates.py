"""
A certificate authority asks, certbot answers, nginx takes over: DEV's stack, with nginx
as in PROD.
"""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from pebble import CLOSED, NAME, Certified, certified
from testssl import testssl
from waiting import wait_until

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


@pytest.fixture(scope="module")
def site(dev) -> Iterator[Certified]:
    with certified(dev) as site:
        yield site


@contextmanager
def answering(site: Certified) -> Iterator[None]:
    """Asks all the time; each must be answered, whatever certificate comes along."""
    stop, failed, count = threading.Event(), [], [0]

    def ask() -> None:
        while not stop.is_set():
            try:
                answer = requests.get(f"{site.stack.plain_url}/health/live", timeout=10)
                tls = requests.get(
                    f"{site.stack.url}/health/live", verify=False, timeout=10
                )
                count[0] += answer.status_code == tls.status_code == 200
            except requests.RequestException as error:
                failed.append(repr(error))
            time.sleep(0.05)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert not failed, failed[:3]
    assert count[0], "nobody asked"


@pytest.fixture(scope="module")
def first(site) -> str:
    """What nginx shows once the first certificate has come, by itself."""
    wait_until(
        lambda: "Pebble" in site.served(),
        within=90,
        what="nginx shows the certificate authority's certificate",
        pause=1,
    )
    return site.served()


def test_the_first_certificate_comes_by_itself_and_is_trusted(site, first):
    said = site.compose("logs", "certbot").stdout
    assert f"There is a new certificate for {NAME}" in said

    with socket.create_connection(("127.0.0.1", int(site.port)), timeout=10) as line:
        context = ssl.create_default_context(cafile=site.root())
        context.set_alpn_protocols(["h2", "http/1.1"])
        with context.wrap_socket(line, server_hostname=NAME) as tls:
            assert tls.version() == "TLSv1.3"
            assert tls.selected_alpn_protocol() == "h2"


def test_a_renewal_is_taken_over_while_the_site_answers(site, first):
    with answering(site):
        said = site.inside("certbot", "renew-now", "--force").stdout
        assert "There is a new certificate" in said
        wait_until(
            lambda: site.served() != first, within=20, what="nginx shows the new one"
        )

    assert "Pebble" in site.served()
    assert site.inside("certbot", "certbot-health").stdout == "well\n"


def test_a_renewal_comes_by_itself(site, first):
    before = site.served()
    with site.near_its_end():
        wait_until(
            lambda: site.served() != before,
            within=90,
            what="nginx shows a renewed certificate, and nobody gave a command",
            pause=1,
        )

    assert "Pebble" in site.served()


def test_a_certificate_that_is_good_stays(site, first):
    before = site.served()

    said = site.inside("certbot", "renew-now").stdout

    assert "The certificate is good" in said
    assert site.served() == before


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("no-such-name.example", "is not known on the internet (DNS)"),
        (CLOSED, "cannot be reached from the internet"),
    ],
)
def test_a_wrong_name_is_explained_and_the_site_stays_up(site, first, name, sentence):
    wrong = ["-e", f"SITE_URL=https://{name}", "-e", "ALLOWED_HOSTS="]
    before = site.served()

    with answering(site):
        done = site.compose(
            "exec", "-T", *wrong, "certbot", "renew-now", check=False, timeout=120
        )

    assert done.returncode == 1
    assert f"{name}" in done.stdout
    assert sentence in done.stdout
    assert "renew-now" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert site.served() == before


# What testssl.sh says because of the test, not of us: pebble's certificates name no
# place that lists withdrawn ones (Let's Encrypt's do); Debian's openssl, which asks,
# has no GOST ciphers; it may hang up before TLS 1.3's ticket comes, and then has none.
# BREACH: pages are compressed, see docs/https.md.
OF_THE_TEST = {"cert_revocationStatus", "cert_revocation", "engine_problem"}
OF_THE_TEST |= {"sessionresumption_ticket", "BREACH"}


def test_testssl_gives_prods_nginx_an_a_plus_and_warns_of_nothing(site, first):
    found = {fact["id"]: fact for fact in testssl(site)}

    assert found["HTTP_status_code"]["finding"].startswith("200 "), "it saw no page"
    bad = {
        name: fact["finding"]
        for name, fact in found.items()
        if fact["severity"] not in {"OK", "INFO"} and name not in OF_THE_TEST
    }
    assert bad == {}
    assert "gzip" in found["BREACH"]["finding"], "docs/https.md says more than is so"
    assert found["overall_grade"]["finding"] == "A+"
