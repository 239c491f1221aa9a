"""
Preflight of ./install_local.sh, changes nothing: python -m socle.embedded.preflight

Runs on the machine's Python, before there is a venv: the standard library alone.
"""

import argparse
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from socle.embedded.env_file import PORTS, chosen_ports, read_env
from socle.embedded.exceptions import LocalError
from socle.embedded.ports import check_ports

ROOT = Path(__file__).resolve().parents[2]
MACHINES = {"x86_64", "aarch64"}
OLDEST_LIBC = (2, 28)  # what the wheels of the servers are built for
# In megabytes, measured: the packages, Node's modules, what the data may grow by.
PACKAGES_MB = 700
FRONTEND_MB = 400
DATA_MB = 300
SMALL_PACKAGE = "click-didyoumean"  # 4 kB, and one of those that are installed
PATIENCE_SECONDS = 10


@dataclass(frozen=True)
class Needs:
    packages: bool
    frontend: bool


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m socle.embedded.preflight")
    parser.add_argument(
        "--packages", action="store_true", help="they will be installed"
    )
    parser.add_argument("--frontend", action="store_true", help="it will be built")
    for name in PORTS:
        parser.add_argument(f"--{name.lower().replace('_', '-')}", dest=name, type=int)
    arguments = parser.parse_args()
    wanted = {name: getattr(arguments, name) for name in PORTS}
    needs = Needs(packages=arguments.packages, frontend=arguments.frontend)
    problems = list(find_problems(ROOT, wanted, needs=needs))
    for problem in problems:
        print(f"Stopped: {problem}", file=sys.stderr)  # noqa: T201
    if problems:
        print("Nothing was changed.", file=sys.stderr)  # noqa: T201
    return 1 if problems else 0


def find_problems(
    root: Path, wanted: dict[str, int | None], *, needs: Needs
) -> Iterator[str]:
    local = root / ".local"
    chosen = {name: port for name, port in wanted.items() if port}
    ports = chosen_ports(read_own_env(local / "env"), chosen)
    checks = [
        lambda: check_platform(),
        lambda: check_account(),
        lambda: check_folder(root, local),
        lambda: check_disk(root, needs=needs),
        lambda: check_ports(ports, local=local),
    ]
    if needs.packages:
        checks += [check_venv, check_network]
    for check in checks:
        try:
            check()
        except LocalError as error:
            yield str(error)


def read_own_env(path: Path) -> dict[str, str]:
    return read_env(path) if os.access(path, os.R_OK) else {}


def check_platform() -> None:
    name, version = platform.libc_ver()
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    here = (
        f"{platform.system()} on {platform.machine()}, {name or 'C library'} {version}"
    )
    fits = platform.system() == "Linux" and platform.machine() in MACHINES
    if not fits or name != "glibc" or numbers < OLDEST_LIBC:
        raise LocalError(
            f"There is no wheel for this machine ({here}) of Postgres, Valkey and the "
            "storage emulator, and nothing is compiled here: no compiler would help. "
            "They exist for Linux on x86-64 and arm64 with glibc 2.28 or newer. Use "
            "Docker instead: ./install_docker.sh"
        )


def check_account() -> None:
    if os.getuid() == 0 and shutil.which("setpriv") is None:
        raise LocalError(
            "Postgres must not run as root, and the command setpriv, which runs it as "
            "nobody, is missing. Install it (apt-get install util-linux), or run this "
            "as an ordinary user."
        )


def check_folder(root: Path, local: Path) -> None:
    place = local if local.exists() else root
    owner = place.stat().st_uid
    if place == local and owner != os.getuid():
        raise LocalError(
            f"{local} belongs to uid {owner}, and you are uid {os.getuid()}. Run this "
            "as its owner, or remove the folder as its owner (data and all)."
        )
    if not os.access(place, os.W_OK):
        raise LocalError(
            f"{place} cannot be written by uid {os.getuid()}; it belongs to uid "
            f"{owner}. As root: chown -R {os.getuid()} {root}"
        )


def check_disk(root: Path, *, needs: Needs) -> None:
    wanted_mb = DATA_MB
    wanted_mb += PACKAGES_MB if needs.packages else 0
    wanted_mb += FRONTEND_MB if needs.frontend else 0
    local = root / ".local"
    place = local if local.exists() else root
    free_mb = shutil.disk_usage(place).free // 1_000_000
    if free_mb < wanted_mb:
        raise LocalError(
            f"Not enough room on the disk of {place}: {free_mb} MB are free and about "
            f"{wanted_mb} MB are needed. Make room, or move the project to a larger "
            "disk."
        )


def check_venv() -> None:
    missing = [name for name in ("venv", "ensurepip") if not has_module(name)]
    if missing or own_pip() is None:
        raise LocalError(
            f"The module '{(missing or ['ensurepip'])[0]}' of {sys.executable} is "
            "missing. On Debian and Ubuntu: apt-get install python3-venv. Or name "
            "another Python: PYTHON=/path/to/python3.12 ./install_local.sh"
        )


def has_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def own_pip() -> Path | None:
    """The pip that comes with Python, inside a wheel that runs as it is."""
    spec = importlib.util.find_spec("ensurepip")
    folders = (spec and spec.submodule_search_locations) or []
    places = [Path(folder) / "_bundled" for folder in folders]
    if distribution := sysconfig.get_config_var("WHEEL_PKG_DIR"):
        places.append(Path(distribution))
    wheels = [wheel for place in places for wheel in place.glob("pip-*.whl")]
    return wheels[0] / "pip" if wheels else None


def check_network() -> None:
    """Ask for one small package, exactly as the installation will ask for all."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(own_pip()), "download", "--quiet", "--no-deps"]
        command += ["--no-cache-dir", "--disable-pip-version-check", "--retries", "1"]
        command += ["--timeout", str(PATIENCE_SECONDS), "--dest", folder, SMALL_PACKAGE]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise LocalError(
            "The packages cannot be downloaded. Check the network, a proxy "
            "(HTTPS_PROXY) and, in a company, that the machine knows its authority "
            "(docs/troubleshooting.md: A company's certificate authority). pip says:\n"
            + "\n".join(f"    {line.strip()[:200]}" for line in lines[:3])
        )


if __name__ == "__main__":
    sys.exit(main())
