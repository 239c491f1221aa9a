"""Which certificate nginx shows, and that it takes over a new one by itself."""

import os
import shlex
import ssl
import subprocess
import time

import pytest

from socle.embedded.nginx import SOURCES
from socle.embedded.tests.edge import HTTPS, edge_of, nginx_in

AUTHORITY = "/O=Let's Encrypt/CN=E7"
STAGING = "/O=Let's Encrypt/CN=(STAGING) Puzzling Parsnip E7"


def openssl(*arguments) -> str:
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def issue(folder, *, by=AUTHORITY, days=90) -> str:
    """What certbot would write to live/site; returns the serial number."""
    live = folder / "letsencrypt/live/site"
    live.mkdir(parents=True, exist_ok=True)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    # Self-signed, so that its subject is its issuer as well.
    place = ["-keyout", live / "new-key.pem", "-out", live / "new.pem"]
    openssl("req", "-x509", *curve, "-days", days, "-subj", by, *place)
    (live / "new-key.pem").replace(live / "privkey.pem")
    (live / "new.pem").replace(live / "fullchain.pem")
    return serial_of(live / "fullchain.pem")


def serial_of(file) -> str:
    return openssl("x509", "-noout", "-serial", "-in", file).strip()


def names_of(file) -> str:
    shown = openssl("x509", "-noout", "-ext", "subjectAltName", "-in", file)
    return shown.splitlines()[1].strip()


@pytest.fixture
def https(tmp_path):
    return nginx_in(tmp_path, web_port=1, edge=HTTPS)


def choose(nginx) -> str:
    """What nginx would include, after the script ran once more."""
    script = SOURCES / "scripts/certificate.sh"
    subprocess.run([script], env=nginx.values(), stdout=subprocess.DEVNULL)
    return (nginx.folder / "conf.d/certificate.inc").read_text()


def test_there_is_a_certificate_for_every_name_from_the_start(https):
    https.prepare()

    own = https.folder / "own/fullchain.pem"
    assert names_of(own) == "DNS:site.example, DNS:www.site.example"
    assert (https.folder / "own/privkey.pem").stat().st_mode & 0o777 == 0o600
    assert str(own) in choose(https)


def test_our_own_certificate_stays_as_long_as_it_fits(https, tmp_path):
    https.prepare()
    own = https.folder / "own/fullchain.pem"
    first = serial_of(own)

    https.prepare()
    assert serial_of(own) == first

    other = HTTPS | {"ALLOWED_HOSTS": "site.example,10.0.0.1,*"}
    nginx_in(tmp_path, web_port=1, edge=other).prepare()
    assert names_of(own) == "IP Address:10.0.0.1, DNS:site.example"


def test_our_own_certificate_is_made_anew_before_it_ends(https):
    https.prepare()
    own = https.folder / "own"
    key, file = own / "privkey.pem", own / "fullchain.pem"
    short = ["-days", "20", "-subj", "/CN=site.example", "-out", file]
    openssl("req", "-x509", "-key", key, *short)
    old = serial_of(file)

    https.prepare()

    assert serial_of(file) != old


def test_our_own_certificate_signs_no_others(https):
    https.prepare()

    shown = openssl(
        "x509", "-noout", "-text", "-in", https.folder / "own/fullchain.pem"
    )

    assert "CA:FALSE" in shown
    assert "CA:TRUE" not in shown
    assert "Digital Signature" in shown
    assert "Certificate Sign" not in shown


def test_our_own_certificate_of_before_that_could_sign_is_made_anew(https):
    https.prepare()
    own = https.folder / "own"
    key, file = own / "privkey.pem", own / "fullchain.pem"
    as_before = ["-days", "365", "-subj", "/CN=site.example", "-out", file]
    openssl("req", "-x509", "-key", key, *as_before)
    old = serial_of(file)
    assert "CA:TRUE" in openssl("x509", "-noout", "-text", "-in", file)

    https.prepare()

    assert serial_of(file) != old


def test_a_real_certificate_is_preferred_and_browsers_are_bound_to_it(https):
    issue(https.folder)
    https.prepare()

    chosen = (https.folder / "conf.d/certificate.inc").read_text()
    assert "letsencrypt/live/site/fullchain.pem" in chosen
    assert '"max-age=31536000"' in chosen


@pytest.mark.parametrize(
    ("stage", "by"), [("prod", STAGING), ("dev", STAGING), ("dev", AUTHORITY)]
)
def test_browsers_are_not_bound_to_what_they_do_not_trust(tmp_path, stage, by):
    nginx = nginx_in(tmp_path, web_port=1, edge=HTTPS | {"ENVIRONMENT": stage})
    issue(nginx.folder, by=by)
    nginx.prepare()

    chosen = (nginx.folder / "conf.d/certificate.inc").read_text()
    assert "letsencrypt" in chosen
    assert "max-age" not in chosen


def test_half_a_renewal_is_waited_for(https):
    issue(https.folder)
    https.prepare()
    before = choose(https)
    live = https.folder / "letsencrypt/live/site"
    key = (live / "privkey.pem").read_bytes()
    issue(https.folder)
    whole = (live / "privkey.pem").read_bytes()

    (live / "privkey.pem").write_bytes(key)  # that of the certificate before
    assert choose(https) == before

    (live / "privkey.pem").write_bytes(whole)
    assert choose(https) != before


@pytest.fixture
def watched(tmp_path):
    """A running nginx, and the watcher as its container has it, in a hurry."""
    with edge_of(**HTTPS) as edge:
        program = tmp_path / "nginx"
        program.write_text(f'#!/bin/sh\nexec {shlex.join(edge.nginx.command)} "$@"\n')
        program.chmod(0o755)
        quick = {
            "NGINX_WATCH_SECONDS": "0.1",
            "NGINX_WATCH_TICK": str(tmp_path / "tick"),
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
        }
        script = SOURCES / "scripts/watch_certificate.sh"
        environment = edge.nginx.values() | quick
        pipe = subprocess.PIPE
        with subprocess.Popen(
            [script], env=environment, stdout=pipe, text=True
        ) as watcher:
            yield edge, watcher
            watcher.kill()


def served(edge, tmp_path) -> str:
    file = tmp_path / "served.pem"
    place = ("127.0.0.1", edge.nginx.tls_port)
    file.write_text(ssl.get_server_certificate(place))
    return serial_of(file)


def wait_for(serial, edge, tmp_path):
    deadline = time.monotonic() + 30
    while served(edge, tmp_path) != serial:
        assert time.monotonic() < deadline, "nginx still shows another certificate"
        time.sleep(0.1)


def wait_for_binding(edge):
    """After a reload a worker with the settings from before may answer once more."""
    deadline = time.monotonic() + 30
    while edge.ask().headers["Strict-Transport-Security"] != "max-age=31536000":
        assert time.monotonic() < deadline, "browsers are not bound to it"
        time.sleep(0.1)


def test_a_new_certificate_is_taken_over_without_losing_a_request(watched, tmp_path):
    edge, watcher = watched
    assert edge.ask().headers["Strict-Transport-Security"] is None

    first = issue(edge.nginx.folder)
    wait_for(first, edge, tmp_path)
    wait_for_binding(edge)

    renewed = issue(edge.nginx.folder)
    deadline = time.monotonic() + 30
    while served(edge, tmp_path) != renewed:
        assert edge.ask().status == 200
        assert time.monotonic() < deadline
    assert renewed != first
    assert "taken over another certificate: serial=" in watcher.stdout.readline()


def test_what_nginx_cannot_use_changes_nothing_and_is_said_once(watched, tmp_path):
    edge, watcher = watched
    good = issue(edge.nginx.folder)
    wait_for(good, edge, tmp_path)
    watcher.stdout.readline()
    bad = edge.nginx.folder / "conf.d/http/bad.inc"
    bad.write_text("no_such_directive;\n")

    issue(edge.nginx.folder)

    said = watcher.stdout.readline()
    assert "nginx cannot use the new certificate" in said
    assert '"level":"error"' in said
    assert served(edge, tmp_path) == good
    assert edge.ask().status == 200
    watcher.kill()
    assert watcher.stdout.read() == ""
