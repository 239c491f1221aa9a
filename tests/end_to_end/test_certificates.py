"""A certificate authority asks, certbot answers, nginx takes over: DEV's stack."""

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
# place that lists withdrawn ones (Let's Encrypt's do); browsers are bound to HTTPS
# (HSTS) in PROD alone; Debian's openssl, which asks, has no GOST ciphers.
OF_THE_TEST = {"cert_revocationStatus", "cert_revocation", "HSTS", "engine_problem"}


def test_testssl_gives_an_a_and_warns_of_nothing(site, first):
    facts = testssl(site)

    bad = {
        fact["id"]: fact["finding"]
        for fact in facts
        if fact["severity"] not in {"OK", "INFO"} and fact["id"] not in OF_THE_TEST
    }
    assert bad == {}
    (grade,) = [fact["finding"] for fact in facts if fact["id"] == "overall_grade"]
    assert grade in {"A", "A+"}
