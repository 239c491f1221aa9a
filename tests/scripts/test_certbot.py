"""The loop around a certbot that only pretends: what is asked, when, what is said."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SITE = {
    "SITE_URL": "https://site.example:8443",
    "ALLOWED_HOSTS": "site.example,www.site.example,localhost,127.0.0.1,.x.example,*",
    "ACME_EMAIL": "ops@site.example",
}
DNS = """Saving debug log to /tmp/logs/letsencrypt.log
Certbot failed to authenticate some domains (webroot). The authority said:
  Domain: www.site.example
  Type:   dns
  Detail: DNS problem: NXDOMAIN looking up A for www.site.example

Hint: The Certificate Authority failed to download the temporary challenge files.
Some challenges have failed.
"""
CLOSED = DNS.replace("dns\n", "connection\n").replace(
    "DNS problem: NXDOMAIN looking up A for www.site.example",
    "203.0.113.9: Fetching http://www.site.example/: Timeout during connect",
)
OTHER = DNS.replace("dns\n", "unauthorized\n")
PRETENDING = """#!/bin/sh
printf '%s\\n' "$*" >>"$ASKED"
cat "$SAYS"
if [ ! -s "$SAYS" ]; then
  mkdir -p "$LETSENCRYPT_FOLDER/live/site"
  cd "$LETSENCRYPT_FOLDER/live/site"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \\
    -days "${DAYS:-90}" -subj /CN=site -keyout privkey.pem \\
    -out fullchain.pem 2>/dev/null
else
  exit 1
fi
"""


class Container:
    """The folder of certificates, the pretending certbot, and the environment."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.asked_file, self.says = folder / "asked", folder / "says"
        self.says.touch()
        (folder / "letsencrypt").mkdir()
        program = folder / "bin/certbot"
        program.parent.mkdir()
        program.write_text(PRETENDING)
        program.chmod(0o755)
        self.environment = {
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "LETSENCRYPT_FOLDER": str(folder / "letsencrypt"),
            "CERTBOT_TEMPORARY": str(folder),
            "ASKED": str(self.asked_file),
            "SAYS": str(self.says),
        } | SITE

    def run(self, script: str, *arguments: str, **more) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, REPOSITORY / "certbot" / script, *arguments],
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=30,
        )

    def now(self, *arguments: str, **more) -> subprocess.CompletedProcess:
        return self.run("certificates.py", "--now", *arguments, **more)

    def look(self, times=1, longest_try=600, **more) -> str:
        """What the loop does every 20 seconds, and what it says."""
        code = (
            "import os, certificates as c; w = c.wish_of(dict(os.environ))\n"
            f"c.LONGEST_TRY = {longest_try}\n"
            f"for _ in range({times}): c.look(w)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=self.environment | {"PYTHONPATH": str(REPOSITORY / "certbot")} | more,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def asked(self) -> list[str]:
        if not self.asked_file.exists():
            return []
        return self.asked_file.read_text().splitlines()

    @property
    def state(self) -> dict:
        return json.loads((self.folder / "letsencrypt/last-try.json").read_text())

    def hours_pass(self, hours: float) -> None:
        state = self.state | {"next_try": self.state["next_try"] - hours * 3600}
        (self.folder / "letsencrypt/last-try.json").write_text(json.dumps(state))


@pytest.fixture
def container(tmp_path) -> Container:
    return Container(tmp_path)


def test_a_certificate_is_asked_for_the_names_of_the_internet(container):
    done = container.now()

    assert done.returncode == 0, done.stdout + done.stderr
    (command,) = container.asked
    assert "-d site.example -d www.site.example" in command
    assert command.count("-d ") == 2
    assert "--webroot-path /acme" in command
    assert "-m ops@site.example" in command
    assert "--keep-until-expiring" in command
    assert "--server" not in command
    assert "There is a new certificate for site.example, www.site.example: it ends" in (
        done.stdout
    )


def test_it_is_asked_for_again_twice_a_day(container):
    container.look(times=5)
    assert len(container.asked) == 1

    container.hours_pass(11.9)
    container.look()
    assert len(container.asked) == 1

    container.hours_pass(0.2)
    container.look()
    assert len(container.asked) == 2


def test_after_failures_it_waits_longer_and_longer(container):
    container.says.write_text(DNS)
    waits = []
    for _ in range(7):
        container.look(times=2)
        waits.append(round((container.state["next_try"] - time.time()) / 60))
        container.hours_pass(6)

    assert waits == [15, 30, 60, 120, 240, 360, 360]
    assert len(container.asked) == 7


def test_a_clock_that_was_ahead_does_not_stop_renewal(container):
    container.look()
    container.hours_pass(-3 * 365 * 24)

    container.look(times=3)

    assert len(container.asked) == 2
    assert container.state["next_try"] - time.time() < 13 * 3600


def test_a_certbot_that_hangs_is_stopped_and_counts_as_a_failure(container):
    hanging = '#!/bin/sh\necho >>"$ASKED"\necho Waiting\nexec sleep 30\n'
    (container.folder / "bin/certbot").write_text(hanging)

    said = container.look(times=2, longest_try=4)

    assert len(container.asked) == 1, "it asked again at once"
    assert container.state["failures"] == 1
    assert round((container.state["next_try"] - time.time()) / 60) == 15
    assert "certbot was stopped" in said
    assert "certbot said: Waiting" in said
    assert "renew-now" in said


def test_what_was_changed_in_env_is_asked_for_at_once(container):
    container.says.write_text(DNS)
    container.look()
    container.look(ALLOWED_HOSTS="site.example")

    assert len(container.asked) == 2


def test_another_authority_gives_another_certificate(container):
    container.now(ACME_SERVER="https://staging.example/dir")
    renewal = container.folder / "letsencrypt/renewal"
    renewal.mkdir()
    (renewal / "site.conf").write_text("server = https://staging.example/dir\n")

    container.now(ACME_SERVER="https://staging.example/dir")
    container.now()

    assert "--server https://staging.example/dir" in container.asked[0]
    assert ["--force-renewal" in one for one in container.asked] == [False, False, True]


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (DNS, "The name www.site.example is not known on the internet (DNS)."),
        (CLOSED, "Port 80 of www.site.example cannot be reached from the internet."),
        (OTHER, "Another server answers at www.site.example, port 80."),
        ("urn:ietf:params:acme:error:rateLimited :: slow down", "asks to wait."),
        ("urn:ietf:params:acme:error:invalidContact :: x", "does not take ACME_EMAIL"),
        ("NewConnectionError(Caused by Refused)", "cannot be reached from this server"),
        ("[Errno 13] Permission denied: '/etc/letsencrypt'", "belong to uid 101"),
        ("Something new", "certbot said: Something new"),
    ],
)
def test_a_failure_names_its_cause_and_the_next_step(container, output, sentence):
    container.says.write_text(output)

    done = container.now()

    assert done.returncode == 1
    assert sentence in done.stdout
    assert "The site stays up with the certificate that it has." in done.stdout
    assert "docker compose exec certbot renew-now" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    health = container.run("health.py")
    assert health.returncode == 1


def test_without_an_address_nobody_is_asked(container):
    done = container.now(ACME_EMAIL="")

    assert done.returncode == 1
    assert "Set ACME_EMAIL in .env" in done.stdout
    assert container.asked == []


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"BEHIND_PROXY": "1"}, "the server in front has the certificate"),
        ({"SITE_URL": "https://localhost:8443"}, "localhost is no name"),
        ({"SITE_URL": "https://10.0.0.5"}, "10.0.0.5 is no name"),
        ({"SITE_URL": "https://[::1]:8443"}, "::1 is no name"),
        ({"SITE_URL": "https://myproject.local"}, "myproject.local is no name"),
        ({"SITE_URL": "https://intranet"}, "intranet is no name"),
    ],
)
def test_where_no_certificate_can_be_it_says_so_and_is_well(container, values, why):
    done = container.now(**values)
    (container.folder / "certificates-tick").touch()

    assert (done.returncode, container.asked) == (0, [])
    assert why in done.stdout
    assert container.run("health.py", **values).returncode == 0


def test_health_knows_a_dead_loop_and_a_certificate_that_ends(container):
    assert "Nobody looks after" in container.run("health.py").stdout
    container.look()
    assert container.run("health.py").stdout == "well\n"

    container.says.write_text(DNS)
    container.now()
    assert container.run("health.py").returncode == 0, "the certificate is good"

    container.says.write_text("")
    container.now("--force", DAYS="13")
    container.says.write_text(DNS)
    container.now()
    ill = container.run("health.py")
    assert ill.returncode == 1
    assert "www.site.example is not known" in ill.stdout


def test_two_tries_never_run_at_once(container):
    lock = container.folder / "letsencrypt/last-try.lock"
    with subprocess.Popen(["flock", str(lock), "sleep", "12"]) as held:
        deadline = time.monotonic() + 30
        while not lock.exists():
            assert time.monotonic() < deadline
        time.sleep(0.2)
        done = container.now()
        assert held.poll() == 0, "it did not wait"

    assert "A try is running" in done.stdout
    assert len(container.asked) == 1
