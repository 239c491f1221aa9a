"""Behind a proxy that signs by an authority which only the machine knows."""

import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SET_BY_HAND = ("CERT", "CA_BUNDLE", "_CA", "UV_", "PIP_", "NODE_")
WHEEL = "trial-1.0-py3-none-any.whl"


def openssl(*words: str, folder: Path) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def make_certificates(folder: Path) -> None:
    """An authority of our own (ca.pem), and a server's certificate by it."""
    name = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    key = ["-newkey", "rsa:2048", "-nodes"]
    openssl(
        *("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2"),
        *("-subj", "/CN=A company", "-addext", "keyUsage=critical,keyCertSign"),
        folder=folder,
    )
    request = ("req", *key, "-keyout", "key.pem", "-out", "request.pem")
    openssl(*request, "-subj", "/CN=localhost", folder=folder)
    (folder / "names").write_text(f"{name}\nbasicConstraints=CA:FALSE\n")
    openssl(
        *("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key"),
        *("-CAcreateserial", "-out", "cert.pem", "-days", "2", "-extfile", "names"),
        folder=folder,
    )


def make_index(folder: Path) -> None:
    """A registry of one package each, for Python and for npm."""
    package = folder / "simple" / "trial"
    package.mkdir(parents=True)
    with zipfile.ZipFile(package / WHEEL, "w") as wheel:
        wheel.writestr("trial.py", "")
        about = "trial-1.0.dist-info"
        wheel.writestr(f"{about}/METADATA", "Name: trial\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    (package / "index.html").write_text(f'<a href="{WHEEL}">{WHEEL}</a>')
    (folder / "trial").write_text(json.dumps({"name": "trial", "versions": {}}))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words) -> None:
        """Nothing: the client's words are what counts."""


@pytest.fixture
def registry(tmp_path):
    """The address of a registry behind TLS by that authority."""
    make_certificates(tmp_path)
    make_index(tmp_path / "www")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *a: Quiet(*a, directory=tmp_path / "www")
    )
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def run(
    code: str, *, folder: Path, system: Path | None = None, **variables: str
) -> subprocess.CompletedProcess:
    """
    `code` after lib.sh, with none of this machine's own settings of certificates.

    system: takes the place of the machine's authorities, for this process alone.
    """
    words = f"source scripts/lib.sh; {code}"
    if system:
        mount = f"mount --bind {system} /etc/ssl/certs/ca-certificates.crt; "
        command = ["unshare", "--mount", "bash", "-euc", mount + words]
    else:
        command = ["bash", "-euc", words]
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.upper().startswith("NPM_") and not any(s in k for s in SET_BY_HAND)
    }
    own = {
        "HOME": str(folder),
        "VENV": sys.prefix,
        "SOCLE_VENV": sys.prefix,
        "PIP_CONFIG_FILE": os.devnull,
        "UV_NO_CONFIG": "1",
        "UV_CACHE_DIR": str(folder / "cache"),
        "NO_PROXY": "localhost",
        "no_proxy": "localhost",
    }
    return subprocess.run(
        command,
        cwd=REPOSITORY,
        env=kept | own | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )


CLIENTS = {
    "pip": '"$VENV/bin/pip" download --no-deps --no-cache-dir --retries 0 --index-url '
    '"$REGISTRY/simple" --dest "$HOME/got" trial',
    "uv": '"$VENV/bin/uv" pip install --no-deps --index-url "$REGISTRY/simple" '
    '--target "$HOME/got" trial',
    "npm": 'npm view trial name --registry "$REGISTRY/" --fetch-retries 0',
    "node": "node -e \"require('https').get(process.env.REGISTRY + '/trial', "
    'answer => process.exit(answer.statusCode == 200 ? 0 : 1))"',
}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root puts files in others' place")
@pytest.mark.skipif(
    not Path("/etc/ssl/certs/ca-certificates.crt").exists(),
    reason="this system keeps its authorities elsewhere",
)
@pytest.mark.parametrize("client", CLIENTS)
def test_authorities_of_the_machine_are_believed(registry, tmp_path, client):
    ask = CLIENTS[client]
    system = tmp_path / "ca.pem"

    without = run(ask, folder=tmp_path, REGISTRY=registry)
    with_it = run(
        f"use_system_certificates; {ask}",
        folder=tmp_path,
        system=system,
        REGISTRY=registry,
    )

    assert without.returncode != 0
    assert with_it.returncode == 0, with_it.stderr


SHOW = "use_system_certificates; echo ${PIP_CERT:-none} ${NODE_EXTRA_CA_CERTS:-none}"


def test_what_somebody_has_set_is_kept(tmp_path):
    mine = tmp_path / "mine.pem"
    mine.write_text("x")

    def said(**variables: str) -> list[str]:
        done = run(SHOW, folder=tmp_path, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    assert said(PIP_CERT="/a", NODE_EXTRA_CA_CERTS="/b") == ["/a", "/b"]
    assert said(SSL_CERT_FILE=str(mine)) == [str(mine), str(mine)]
    assert said(REQUESTS_CA_BUNDLE="/a")[0] == "none"
    (tmp_path / ".pip").mkdir()
    (tmp_path / ".pip/pip.conf").write_text("[global]\ncert = /company.pem\n")
    assert said(SSL_CERT_FILE=str(mine), PIP_CONFIG_FILE="")[0] == "none"


@pytest.mark.parametrize("script", ["install_local.sh", "run_tests.sh"])
def test_they_are_used_before_anything_is_asked_of_a_registry(script):
    text = (REPOSITORY / script).read_text()

    used = text.index("  use_system_certificates\n")
    first = '  check "$python"' if script == "install_local.sh" else "  timed "
    assert used < text.index(first)
