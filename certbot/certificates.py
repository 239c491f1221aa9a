#!/usr/bin/env python3
"""
Gets the site's certificate and renews it, by certbot and nginx' folder /acme.

Without an argument it stays: it looks twice a day, and after a failure sooner, but
never so often that the authority's limits are reached. `--now` looks once, at once,
and `--force` has it replace a certificate that is still good.
Only the standard library: this runs in certbot's own image.
"""

import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import explanations

FOLDER = Path(os.environ.get("LETSENCRYPT_FOLDER", "/etc/letsencrypt"))
WEBROOT = os.environ.get("ACME_WEBROOT", "/acme")
TEMPORARY = Path(os.environ.get("CERTBOT_TEMPORARY", "/tmp"))
CERTIFICATE = FOLDER / "live/site/fullchain.pem"
STATE = FOLDER / "last-try.json"  # what the last try said; survives a restart
TICK = TEMPORARY / "certificates-tick"
HALF_A_DAY = 12 * 60 * 60
FIRST_WAIT = 15 * 60  # Let's Encrypt takes five failures an hour for a name
LONGEST_WAIT = 6 * 60 * 60
LONGEST_TRY = 10 * 60
OF_ONE_MACHINE = ("localhost", "local", "test", "internal", "home.arpa", "lan")


@dataclass
class CertbotState:
    """`next_try` in seconds since 1970; `asked` tells a changed .env from the same."""

    failures: int = 0
    next_try: float = 0
    asked: str = ""
    trouble: str = ""


@dataclass(frozen=True)
class Wish:
    """What .env asks for."""

    names: list[str]
    email: str
    server: str
    why_none: str = ""

    @property
    def fingerprint(self) -> str:
        parts = [*self.names, self.email, self.server]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


# --- What is wished for ---------------------------------------------------------


def wish_of(environment: dict[str, str]) -> Wish:
    site = urlsplit(environment.get("SITE_URL", "")).hostname or ""
    others = [name.strip() for name in environment.get("ALLOWED_HOSTS", "").split(",")]
    names = [name for name in dict.fromkeys([site, *others]) if is_public(name)]
    return Wish(
        names=names,
        email=environment.get("ACME_EMAIL", ""),
        server=environment.get("ACME_SERVER", ""),
        why_none=reason_for_none(environment, site),
    )


def reason_for_none(environment: dict[str, str], site: str) -> str:
    if environment.get("BEHIND_PROXY") == "1":
        return "BEHIND_PROXY=1: the server in front has the certificate."
    if not is_public(site):
        return (
            f"{site or 'SITE_URL'} is no name that a certificate authority can look "
            "up, so nginx keeps the certificate that it made itself."
        )
    return ""


def is_public(name: str) -> bool:
    """Whether the name could be one of the internet's; .example.com and * are many."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", name):
        return False
    try:
        ip_address(name)
    except ValueError:
        return "." in name and not name.lower().endswith(OF_ONE_MACHINE)
    return False


# --- certbot ----------------------------------------------------------------------


def command_for(wish: Wish, *, force: bool) -> list[str]:
    """Gets the first certificate, a renewal when it is time, and one for new names."""
    names = [part for name in wish.names for part in ("-d", name)]
    server = ["--server", wish.server] if wish.server else []
    return [
        *("certbot", "certonly", "--webroot", "--webroot-path", WEBROOT),
        *("--non-interactive", "--agree-tos", "--no-eff-email", "-m", wish.email),
        *("--cert-name", "site", "--key-type", "ecdsa", "--elliptic-curve"),
        *("secp256r1", "--renew-with-new-domains", "--config-dir", str(FOLDER)),
        *("--work-dir", str(TEMPORARY / "work"), "--logs-dir"),
        *(str(TEMPORARY / "logs"), "--max-log-backups", "1"),
        "--force-renewal" if force else "--keep-until-expiring",
        *server,
        *names,
    ]


def is_of_another_server(wish: Wish) -> bool:
    """Whether the certificate comes from another authority: staging before PROD."""
    configuration = FOLDER / "renewal/site.conf"
    if not configuration.exists():
        return False
    written = re.search(r"^server = (\S+)$", configuration.read_text(), re.MULTILINE)
    wanted = wish.server or "https://acme-v02.api.letsencrypt.org/directory"
    return bool(written) and written[1] != wanted


def ask(wish: Wish, *, force: bool = False) -> str:
    """Empty when there is a good certificate afterwards; else what to do, in words."""
    if not wish.email:
        return (
            "ACME_EMAIL is empty, and the certificate authority asks for an address. "
            "Set ACME_EMAIL in .env, then run ./install_docker.sh again."
        )
    before = serial()
    command = command_for(wish, force=force or is_of_another_server(wish))
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=LONGEST_TRY, check=False
        )
    except subprocess.TimeoutExpired as stopped:
        return explanations.explain_silence(LONGEST_TRY, output_of(stopped))
    if done.returncode != 0:
        return explanations.explain(output_of(done), names=wish.names)
    if serial() != before:
        say(f"There is a new certificate for {', '.join(wish.names)}: {dates()}.")
    else:
        say(f"The certificate is good: {dates()}. Nothing to do.")
    return ""


def output_of(ended: subprocess.CompletedProcess | subprocess.TimeoutExpired) -> str:
    parts = (ended.stdout or b"", ended.stderr or b"")
    return b"".join(parts).decode(errors="replace")


def shown(*options: str) -> str:
    if not CERTIFICATE.exists():
        return ""
    command = ["openssl", "x509", "-noout", "-in", str(CERTIFICATE), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def serial() -> str:
    return shown("-serial")


def dates() -> str:
    return "it ends on " + shown("-enddate").removeprefix("notAfter=")


# --- When -------------------------------------------------------------------------


def read_state() -> CertbotState:
    try:
        return CertbotState(**json.loads(STATE.read_text()))
    except (OSError, ValueError, TypeError):
        return CertbotState()


def write_state(state: CertbotState) -> None:
    new = STATE.with_suffix(".new")
    new.write_text(json.dumps(asdict(state)))
    new.replace(STATE)


def wait_after(failures: int) -> int:
    """Seconds: a quarter of an hour, twice as long each time, at most six hours."""
    return min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT)


def seconds_left(state: CertbotState) -> float:
    """
    Until the next try; 0 where it is time.

    Further away than any pause, the clock was ahead when it was written: time as well.
    """
    left = state.next_try - time.time()
    return left if 0 < left <= max(HALF_A_DAY, LONGEST_WAIT) else 0


def try_once(wish: Wish, *, force: bool = False) -> CertbotState:
    """Ask, and write down how it went and when to ask again."""
    failures = read_state().failures
    trouble = ask(wish, force=force)
    failures = failures + 1 if trouble else 0
    wait = wait_after(failures) if trouble else HALF_A_DAY
    state = CertbotState(failures, time.time() + wait, wish.fingerprint, trouble)
    write_state(state)
    if trouble:
        say(trouble)
        say(
            "The site stays up with the certificate that it has. Next try in "
            f"{wait // 60} minutes; at once: docker compose exec certbot renew-now"
        )
    return state


def look(wish: Wish) -> None:
    """Ask if it is time. What changed in .env is asked for at once."""
    TICK.touch()
    state = read_state()
    if seconds_left(state) and state.asked == wish.fingerprint:
        return
    with FOLDER.joinpath("last-try.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try_once(wish)


def stay(wish: Wish) -> None:
    if wish.why_none:
        say(f"There is nothing to do for certbot. {wish.why_none}")
    else:
        say(f"Looks after the certificate for {', '.join(wish.names)}.")
    state = read_state()
    if state.asked == wish.fingerprint and state.trouble:
        minutes = seconds_left(state) / 60
        say(f"The last try failed; the next is in {minutes:.0f} minutes. It said:")
        say(state.trouble)
    while True:
        if wish.why_none:
            TICK.touch()
        else:
            look(wish)
        time.sleep(20)


def now(wish: Wish, *, force: bool) -> int:
    """For ops: one try, whatever the clock says. Exit status."""
    if wish.why_none:
        say(f"There is nothing to do for certbot. {wish.why_none}")
        return 0
    with FOLDER.joinpath("last-try.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("A try is running at this moment; this one comes after it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        return 1 if try_once(wish, force=force).trouble else 0


def main() -> int:
    wish = wish_of(dict(os.environ))
    if "--now" in sys.argv[1:]:
        return now(wish, force="--force" in sys.argv[1:])
    stay(wish)
    return 0


if __name__ == "__main__":
    sys.exit(main())
